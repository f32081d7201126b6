"""Fields and forms shared by several pages of accounts, or used by other features."""

import re
from collections.abc import Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import PasswordField as AnyPasswordField
from wtforms.validators import ValidationError
from wtforms.widgets import EmailInput

from app import labels
from app.auth.emails import normal_email
from app.auth.passwords import LONGEST, composed, weakness
from app.auth.second_step import LONGEST_CODE
from app.forms import AtMost, ChoiceField, Form, IdentifierField, LineField, Required
from app.languages import reader_language, site_languages
from app.models import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, Capacity, How, Invitee, User
from app.models.user import DIGEST_HOUR

LIKE_AN_ADDRESS = re.compile(r"http|www\.|://", re.IGNORECASE)
# Words such as a/l and Director/Head may be in a name, a path behind a short domain (t.co/a) may not.
IN_NO_NAME = re.compile(r"//|@|\w[.\u3002\uff0e\uff61][^\W\d_]{2,}/")
# What email programs turn into links, with any full stop that browsers accept; not initials or degrees (J.R.R., M.Sc.).
DOMAIN = re.compile(
    r"\w{2,}[.\u3002\uff0e\uff61][^\W\d_]{2,} | \b\w\.(?:com|info|io|net|org)\b", re.IGNORECASE | re.VERBOSE
)


class EmailField(IdentifierField):
    """An email address, as typed but for what copying it has added."""

    widget = EmailInput()


class PasswordField(AnyPasswordField):
    """A password, normalized to composed accents; one that is too long is refused before any further processing."""

    def __init__(self, label: Any, required: LazyString, validators: Sequence[Any] = (), **kwargs: Any) -> None:
        every = [Required(required), AtMost(LONGEST), *validators]
        super().__init__(label, every, filters=[lambda typed: composed(typed) if typed else typed], **kwargs)


class NewPassword:
    """Refuses passwords too weak for the account with the form's `own_email`."""

    def __call__(self, form: Any, field: Any) -> None:
        site_name = current_app.config["SITE"].site_name
        if reason := weakness(field.data or "", email=form.own_email, site_name=site_name):
            raise ValidationError(str(reason))


class NoAddress:
    """Refuses web addresses in texts that are shown with every message."""

    def __call__(self, form: Any, field: Any) -> None:
        if LIKE_AN_ADDRESS.search(field.data or ""):
            raise ValidationError(_("This field must not contain a web address. Please remove it."))


class PersonsName(NoAddress):
    """Refuses in names anything that looks like an address, since names are also emailed, perhaps to people who never
    asked for it. Organizations may have a domain as their name (350.org)."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if IN_NO_NAME.search(field.data or ""):
            raise ValidationError(_("A name or title cannot contain a web or email address. Please remove it."))
        if DOMAIN.search(field.data or ""):
            raise ValidationError(
                _(
                    "A name or title cannot contain a web address such as example.org. If it contains an "
                    "abbreviation, please leave a space after the full stop."
                )
            )


class ProfileForm(Form):
    """What is shown of a person with their messages. `obj` is the user whose profile it is, if there is one."""

    name = LineField(
        _l("Name"),
        validators=[Required(_l("Enter your name.")), AtMost(User.MAX_NAME), PersonsName()],
    )
    title = LineField(_l("Title (optional)"), validators=[AtMost(User.MAX_TITLE), PersonsName()])
    capacity = ChoiceField(
        _l("In what capacity are you taking part?"),
        validators=[Required(_l("Select the capacity in which you are taking part."))],
    )
    country = ChoiceField(_l("Party or Government"), default="")
    organization = LineField(
        _l("Organization, ministry or agency"), validators=[AtMost(User.MAX_ORGANIZATION), NoAddress()]
    )

    PROFILE: tuple[str, ...] = ("name", "title", "capacity", "country", "organization")

    def __init__(self, *args: Any, obj: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, **kwargs)
        self.capacity.choices = capacity_choices(obj)
        self.country.choices = _countries(obj)

    def validate_country(self, field: Any) -> None:
        if self.capacity.data in FOR_A_GOVERNMENT and not field.data:
            raise ValidationError(_("Select the Party or Government on whose behalf you speak."))

    def validate_organization(self, field: Any) -> None:
        if self.capacity.data in FOR_AN_ORGANIZATION and not field.data:
            raise ValidationError(_("Enter the name of the organization or community on whose behalf you speak."))

    @property
    def profile(self) -> dict[str, Any]:
        """The values for the actions."""
        return {name: typed(self[name]) for name in self.PROFILE}


class EmailChoicesForm(Form):
    """Which messages are sent from the start, and when the digest is."""

    mail_answers = ChoiceField(_l("Replies to your messages"), default=How.EACH)
    mail_topics = ChoiceField(_l("Messages in topics that you start"), default=How.EACH)
    digest_hour = ChoiceField(_l("Time of the daily digest"), coerce=int, default=DIGEST_HOUR)

    EMAILS: tuple[str, ...] = ("mail_answers", "mail_topics", "digest_hour")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mail_answers.choices = self.mail_topics.choices = [(how.value, _(labels.HOW[how])) for how in How]
        self.digest_hour.choices = hour_choices()

    @property
    def choices(self) -> dict[str, Any]:
        return {name: self[name].data for name in self.EMAILS}


class EmailForm(Form):
    """Asks where to send a link."""

    email = EmailField(
        _l("Email address"), validators=[Required(_l("Enter your email address.")), AtMost(User.MAX_EMAIL)]
    )

    def validate_email(self, field: Any) -> None:
        field.data = checked_email(field.data)


class OwnEmail:
    """A mixin for forms of an existing account; `own_email` is its email address."""

    def __init__(self, *args: Any, own_email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_email = own_email


def typed(field: Any) -> str:
    """The text of a field, "" where the form was sent without it."""
    return field.data or ""


def checked_email(typed: str | None) -> str:
    email = normal_email(typed or "")
    if email is None or len(email) > User.MAX_EMAIL:
        raise ValidationError(_("Enter the full email address, for example name@example.org."))
    return email


def hour_choices() -> list[tuple[int, str]]:
    return [(hour, reader_language().hour(hour)) for hour in range(24)]


def language_choices() -> list[tuple[str, str]]:
    return [(code, language.name) for code, language in site_languages().items()]


def capacity_choices(user: User | Invitee | None) -> list[tuple[str, str]]:
    """The capacities that anyone can choose, and the one that this user or invitee has already."""
    own = user.capacity if user else None
    offered = [capacity for capacity in Capacity if capacity != Capacity.SECRETARIAT or capacity == own]
    return [("", _("Choose one")), *((capacity.value, _(labels.CAPACITY[capacity])) for capacity in offered)]


def _countries(user: User | None) -> list[tuple[str, str]]:
    """The States in the order of the reader's language, after a choice for people who speak for none of them."""
    language = reader_language()
    states = language.states_in_order(user.country if user else "")
    return [("", _("None of these: I speak for an organization or for myself")), *states]


class TypedAddress(OwnEmail, Form):
    """Asks to confirm the deletion of an account by typing its address."""

    email = EmailField(
        _l("To confirm, enter the email address of the account"),
        validators=[Required(_l("Enter the email address of the account.")), AtMost(User.MAX_EMAIL)],
    )

    def validate_email(self, field: Any) -> None:
        if normal_email(field.data or "") != self.own_email:
            raise ValidationError(_("This is not the email address of the account. Nothing has been deleted."))


class PasswordProofForm(Form):
    password = PasswordField(_l("Present password"), _l("Enter your present password."))


class NewPasswordForm(OwnEmail, Form):
    new_password = PasswordField(_l("New password"), _l("Choose a password."), [NewPassword()])


class CodeForm(Form):
    code = IdentifierField(_l("Code"), validators=[Required(_l("Enter the code.")), AtMost(LONGEST_CODE)])


class ProofForm(PasswordProofForm, CodeForm):
    """The password, and a code of the second step if the account has one."""

    def ask(self, user: User) -> None:
        """Leave out the code if there is no second step."""
        if user.totp_secret is None:
            del self.code
