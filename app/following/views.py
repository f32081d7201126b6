"""Following by email: the buttons on pages, the list and the choices of the account, and the links in emails."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, ValidationError

from app import labels
from app.addresses import asked_destination, link
from app.auth.forms import EmailChoicesForm, hour_choices
from app.database import utcnow
from app.following import actions, queries, stopping
from app.forms import ChoiceField, Form, VersionedForm, carry_out
from app.languages import reader_language
from app.models import How, User
from app.versions import version_of
from app.viewer import signed_in, signed_in_user

NEVER = -1  # in place of the hour

bp = Blueprint("following", __name__, url_prefix="/<language:lang>")


class FollowForm(VersionedForm):
    """Sent by one of several buttons."""

    how = ChoiceField(_l("Emails"))

    def __init__(self, **source: Any) -> None:
        super().__init__(**source)
        self.how.offer([(how.value, "") for how in How])


class SettingsForm(VersionedForm, EmailChoicesForm):
    mail_announcements = BooleanField(_l("Announcements of the Secretariat"))

    EMAILS = (*EmailChoicesForm.EMAILS, "mail_announcements")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.digest_hour.choices = [(NEVER, _("No daily digest")), *hour_choices()]

    def validate_digest_hour(self, field: Any) -> None:
        if field.data == NEVER and How.DIGEST in (self.mail_answers.data, self.mail_topics.data):
            raise ValidationError(
                _("You have chosen the daily digest above. Please choose a time for it, or change that choice.")
            )

    @property
    def choices(self) -> dict[str, Any]:
        """The columns; without a digest, the hour stays."""
        chosen = super().choices
        is_stopped = chosen["digest_hour"] == NEVER
        if is_stopped:
            del chosen["digest_hour"]
        return {**chosen, "digest_stopped": is_stopped}


@bp.route("/follow/<any(forums,groups,questions,topics):kind>/<int:key>/", methods=["GET", "POST"])
@signed_in
def follow(kind: str, key: int) -> ResponseReturnValue:
    user, key = signed_in_user(), queries.standing(kind, key)
    thing = queries.named(kind, queries.get_thing(kind, key, user))
    form = FollowForm()
    version = form.version.data
    if carry_out(form, lambda: actions.follow(kind, key, str(form.how.data), user=user, version=version)):
        flash(_present_state(kind, str(form.how.data), user), "success")
        return redirect(asked_destination() or thing.path)
    present = queries.get_following(kind, key, user)
    form.shows(present.version)
    return render_template("following/follow.html", form=form, thing=thing, present=present, user=user), form.status


@bp.route("/account/follow/", methods=["GET", "POST"])
@signed_in
def account() -> ResponseReturnValue:
    user = signed_in_user()
    form = _settings(user)

    def change() -> bool:
        return actions.change_settings(user, form.choices, version=form.version.data)

    if carry_out(form, change, lambda: _settings(user, formdata=None)):
        flash(_("Saved.") if user.digest_stopped else f"{_('Saved.')} {_next_digest(user)}", "success")
        return redirect(link("following.account"))
    followed = queries.list_followed(user)
    return render_template("following/account.html", form=form, followed=followed, user=user), form.status


@bp.post("/account/follow/again/")
@signed_in
def again() -> ResponseReturnValue:
    """Send messages to an address that has refused emails."""
    actions.try_address_again(signed_in_user())
    not_later = _("Emails that were not sent in the meantime will not be sent later.")
    flash(f"{_('Emails will be sent to your address again.')} {not_later}", "success")
    return redirect(link("following.account"))


@bp.route("/follow/stop/<token>/", methods=["GET", "POST"])
def stop(token: str) -> ResponseReturnValue:
    """Opening the link only asks. Mail programs send the form by themselves (RFC 8058), without a session, so the
    answer to it is a page, and what is in the address is all that counts."""
    what, thing = stopping.redeem(token)
    if request.method == "POST":
        actions.stop(what, again="again" in request.form)
    page = {"what": what, "thing": thing, "is_stopped": stopping.is_stopped(what)}
    return render_template("following/stop.html", form=Form(), **page)


def _present_state(kind: str, how: str, user: User) -> str:
    """How someone follows something now, in words."""
    if how == How.NONE:
        return _(labels.FOLLOWED_NO_LONGER[kind])
    said = f"{_(labels.FOLLOW[kind][True])} {_(labels.FOLLOWED[How(how)])}."
    return f"{said} {_next_digest(user)}" if how == How.DIGEST else said


def _next_digest(user: User) -> str:
    moment = reader_language().at(actions.next_digest(user, utcnow()))
    return _("The next daily digest is due on %(moment)s.", moment=moment)


def _settings(user: User, **source: Any) -> SettingsForm:
    stopped = {"digest_hour": NEVER} if user.digest_stopped else {"digest_hour": user.digest_hour}
    shown = {name: getattr(user, name) for name in SettingsForm.EMAILS} | stopped
    return SettingsForm(version=version_of(user, actions.SETTINGS), **shown, **source)
