"""The forms of accounts."""

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
from app.forms import AtMost, ChoiceField, Form, LineField, OnceForm, Required, VersionedForm
from app.languages import reader_language, site_languages
from app.models import Capacity, User

LIKE_AN_ADDRESS = re.compile(r"http|www\.|://", re.IGNORECASE)
IN_NO_NAME = re.compile(r"[/@]")
# What mail programs make a link of, with any full stop that browsers know; not initials and degrees (J.R.R., M.Sc.).
DOMAIN = re.compile(
    r"\w{2,}[.\u3002\uff0e\uff61][^\W\d_]{2,} | \b\w\.(?:com|info|io|net|org)\b", re.IGNORECASE | re.VERBOSE
)
FOR_A_GOVERNMENT = frozenset({Capacity.PARTY, Capacity.GOVERNMENT})
FOR_AN_ORGANIZATION = frozenset({Capacity.ORGANIZATION, Capacity.IPLC})


class EmailField(LineField):
    """An e-mail address as somebody typed it."""

    widget = EmailInput()


class PasswordField(AnyPasswordField):
    """A password, composed; one that is longer than any can be is refused before anything is made of it."""

    def __init__(self, label: Any, required: LazyString, validators: Sequence[Any] = (), **kwargs: Any) -> None:
        every = [Required(required), AtMost(LONGEST), *validators]
        super().__init__(label, every, filters=[lambda typed: composed(typed) if typed else typed], **kwargs)


class NewPassword:
    """Strong enough for the account of the form's `own_email`."""

    def __call__(self, form: Any, field: Any) -> None:
        site_name = current_app.config["SITE"].site_name
        if reason := weakness(field.data or "", email=form.own_email, site_name=site_name):
            raise ValidationError(str(reason))


class NoAddress:
    """What is shown with every message must not carry links."""

    def __call__(self, form: Any, field: Any) -> None:
        if LIKE_AN_ADDRESS.search(field.data or ""):
            raise ValidationError(_("This must not contain a web address. Please write it without."))


class PersonsName(NoAddress):
    """Names are also mailed, to people who perhaps never asked for it: no sign of an address is taken, nor a bare
    domain, such as organizations may have for a name (350.org)."""

    def __call__(self, form: Any, field: Any) -> None:
        super().__call__(form, field)
        if IN_NO_NAME.search(field.data or ""):
            raise ValidationError(_("A name or title cannot contain / or @. Please write it without."))
        if DOMAIN.search(field.data or ""):
            raise ValidationError(
                _(
                    "A name or title cannot contain a web address such as example.org. "
                    "If it has an abbreviation, please put a space after the full stop."
                )
            )


class ProfileForm(Form):
    """Who somebody is, as shown with the messages. `obj` is the user whose profile it is, if there is one."""

    name = LineField(
        _l("Name"),
        validators=[Required(_l("Write your name.")), AtMost(User.MAX_NAME), PersonsName()],
    )
    title = LineField(_l("Title (optional)"), validators=[AtMost(User.MAX_TITLE), PersonsName()])
    capacity = ChoiceField(
        _l("In which capacity do you take part?"), validators=[Required(_l("Choose in which capacity you take part."))]
    )
    country = ChoiceField(_l("Party, Government or organization"), default="")
    organization = LineField(
        _l("Organization, ministry or agency"), validators=[AtMost(User.MAX_ORGANIZATION), NoAddress()]
    )

    PROFILE: tuple[str, ...] = ("name", "title", "capacity", "country", "organization")

    def __init__(self, *args: Any, obj: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, **kwargs)
        self.capacity.choices = _capacities(obj)
        self.country.choices = _countries(obj)

    def validate_country(self, field: Any) -> None:
        if self.capacity.data in FOR_A_GOVERNMENT and not field.data:
            raise ValidationError(_("Choose the Party or the Government for which you speak."))

    def validate_organization(self, field: Any) -> None:
        if self.capacity.data in FOR_AN_ORGANIZATION and not field.data:
            raise ValidationError(_("Write the name of the organization or community for which you speak."))

    @property
    def profile(self) -> dict[str, str]:
        """What the actions take."""
        return {name: typed(self[name]) for name in self.PROFILE}


class OwnProfileForm(ProfileForm, VersionedForm):
    pass


class SignUpForm(OnceForm, ProfileForm):
    email = EmailField(
        _l("E-mail address"), validators=[Required(_l("Write your e-mail address.")), AtMost(User.MAX_EMAIL)]
    )
    password = PasswordField(_l("Password"), _l("Choose a password."), [NewPassword()])
    language = ChoiceField(_l("Language for mails to you"))

    PROFILE = (*ProfileForm.PROFILE, "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = _languages()

    def validate_email(self, field: Any) -> None:
        field.data = _checked_email(field.data)

    def validate(self, extra_validators: object = None) -> bool:
        """A password is never sent back; so whoever has to correct something else is told to write it again."""
        valid = super().validate(extra_validators)
        if not valid and not self.password.errors:
            self.password.errors = [_("Please write the password again: it is not kept when the form comes back.")]
        return bool(valid)

    @property
    def own_email(self) -> str:
        return typed(self.email)

    @property
    def proof(self) -> dict[str, str]:
        """What the action takes besides the profile."""
        return {"email": self.own_email, "password": typed(self.password), "submission": typed(self.submission)}


class SignInForm(Form):
    names_secretariat = False  # where only the Secretariat can help

    email = EmailField(
        _l("E-mail address"), validators=[Required(_l("Write your e-mail address.")), AtMost(User.MAX_EMAIL)]
    )
    password = PasswordField(_l("Password"), _l("Write your password."))


class ConfirmForm(Form):
    password = PasswordField(_l("The password that you chose when you signed up"), _l("Write your password."))


class EmailForm(Form):
    """Asks where to send a link."""

    email = EmailField(
        _l("E-mail address"), validators=[Required(_l("Write your e-mail address.")), AtMost(User.MAX_EMAIL)]
    )

    def validate_email(self, field: Any) -> None:
        field.data = _checked_email(field.data)


class OwnEmail:
    """Mixed into the forms of an account that exists: `own_email` is its e-mail address."""

    def __init__(self, *args: Any, own_email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_email = own_email


class ResetForm(OwnEmail, Form):
    new_password = PasswordField(_l("New password"), _l("Choose a password."), [NewPassword()])


class PasswordForm(OwnEmail, Form):
    password = PasswordField(_l("Present password"), _l("Write your present password."))
    new_password = PasswordField(_l("New password"), _l("Choose a password."), [NewPassword()])


class LanguageForm(VersionedForm):
    language = ChoiceField(_l("Language of the site and of mails to you"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.choices = _languages()


def typed(field: Any) -> str:
    """The text of a field, "" where the form was sent without it."""
    return field.data or ""


def _checked_email(typed: str | None) -> str:
    email = normal_email(typed or "")
    if email is None or len(email) > User.MAX_EMAIL:
        raise ValidationError(_("Write the whole e-mail address, such as name@example.org."))
    return email


def _languages() -> list[tuple[str, str]]:
    return [(code, language.name) for code, language in site_languages().items()]


def _capacities(user: User | None) -> list[tuple[str, str]]:
    """What the public can choose, and what this user has been given besides."""
    own = user.capacity if user else None
    offered = [capacity for capacity in Capacity if capacity != Capacity.SECRETARIAT or capacity == own]
    return [("", _("Choose one")), *((capacity.value, _(labels.CAPACITY[capacity])) for capacity in offered)]


def _countries(user: User | None) -> list[tuple[str, str]]:
    """The States in the order of the reader's language; first what people choose who speak for none of them."""
    language = reader_language()
    states = language.states_in_order(user.country if user else "")
    return [("", _("None of them: I speak for an organization or for myself")), *states]
