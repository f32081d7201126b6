"""Who takes part in a forum: invited States, roles, and participants who are invited by a list."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms.validators import ValidationError

from app import labels
from app.addresses import asked_page, link
from app.admin.forums import get_whole_forum
from app.admin.frame import Words, about, ask, done, show, steps_to
from app.auth.forms import EmailField, EmailForm
from app.errors import NotFound, Refused
from app.forms import AtMost, BodyField, ChoiceField, ChoicesField, OnceForm, Required, VersionedForm, carry_out
from app.invitee_lists import Line, read_list
from app.invitees import (
    HAS_SIGNED_UP,
    Outcome,
    get_invitee,
    invite,
    invite_states,
    list_invited,
    version_of_invitations,
    version_of_invitee,
    withdraw,
)
from app.languages import Language, reader_language, site_languages
from app.models import Forum, Role, User
from app.permissions import require_forum_takes
from app.roles import give_role, held_by, take_role, version_of_role, version_of_roles
from app.rows import fetch
from app.viewer import signed_in_user

MOST_LINES = 500
LONGEST_LIST = 100_000  # in characters
MOST_TOLD = 10  # bad lines above the box; the reasons of all stand in it
EXAMPLE = _l("Jane Smith, jane@example.org, Kenya, Party, en")

bp = Blueprint("participants", __name__, url_prefix="/forums/<int:forum_id>")


class ListForm(OnceForm):
    told: Sequence[str] = ()  # what is wrong with the first bad lines

    people = BodyField(
        _l("People to invite"),
        [Required(_l("Enter at least one line.")), AtMost(LONGEST_LIST)],
        description=_l(
            "One line per person, 500 at most: name, email address, State or organization, capacity and "
            "language, separated by commas, semicolons or tabs, as in a CSV file or in cells copied from a "
            "spreadsheet."
        ),
        render_kw={"rows": 12, "dir": "auto", "spellcheck": "false", "placeholder": EXAMPLE},
    )
    role = ChoiceField(_l("Role"), default=Role.PARTICIPANT)

    def offer(self) -> None:
        self.role.offer(labels.choices(labels.ROLE))

    def validate_people(self, field: Any) -> None:
        if (field.data or "").count("\n") >= MOST_LINES:
            raise ValidationError(_("No more than 500 people can be invited at once."))

    def give_back(self, bad: list[Line]) -> None:
        """Show the lines that could not be taken, and nothing else."""
        self.people.data, self.people.raw_data = "\n".join(map(str, bad)), None
        self.told = [_("Line %(number)s: %(reason)s", number=one.number, reason=one.reason) for one in bad[:MOST_TOLD]]
        self.people.errors = [
            ngettext(
                "%(num)s line was not accepted. The reason is given after it; correct the line and submit it again.",
                "%(num)s lines were not accepted. The reason is given after each; correct the lines and "
                "submit them again.",
                len(bad),
            )
        ]

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """As for any form; bad lines one by one."""
        return [(self.people.id, text) for text in self.told] or super().error_list


@bp.route("/participants/", methods=["GET", "POST"])
def participants(forum_id: int) -> ResponseReturnValue:
    forum, form, viewer = fetch(Forum, forum_id), ListForm(), signed_in_user()
    if form.is_submitted():
        require_forum_takes("forums", forum, "settings")
    form.offer()
    if form.validate_on_submit():
        role, key = Role(form.role.data), form.submission.data or ""
        lines = read_list(form.people.data or "", role)
        people = [line.person for line in lines if line.person]
        outcome = invite(forum_id, people, role, key=key, viewer=viewer) if people else Outcome()
        _tell(outcome)
        for line in lines:
            if outcome and line.person and line.person["email"] in outcome.refused:
                line.reason = str(outcome.refused[line.person["email"]])
        bad = [line for line in lines if line.reason]
        if not bad:
            return redirect(link("admin.participants.participants", forum_id=forum_id))
        form.give_back(bad)
    shown = {"forum": forum, "about": about(forum), "invited": list_invited(forum_id, asked_page())}
    return show("admin/participants.html", _("Participants by invitation"), steps_to(forum), form=form, **shown)


def _tell(outcome: Outcome | None) -> None:
    if outcome is None:
        flash(_("This has already been done. No further change was made."), "success")
        return
    invited, given, altered = outcome.invited, outcome.given, outcome.altered
    told = [
        ngettext("%(num)s person has been invited.", "%(num)s people have been invited.", invited) if invited else "",
        ngettext(
            "%(num)s person already has an account and has been assigned the role.",
            "%(num)s people already have accounts and have been assigned the role.",
            given,
        )
        if given
        else "",
        ngettext(
            "%(num)s earlier invitation has been changed and sent again.",
            "%(num)s earlier invitations have been changed and sent again.",
            altered,
        )
        if altered
        else "",
    ]
    if text := " ".join(filter(None, told)):
        flash(text, "success")


@bp.route("/participants/<int:key>/withdraw/", methods=["GET", "POST"])
def withdraw_invitation(forum_id: int, key: int) -> ResponseReturnValue:
    forum, back = fetch(Forum, forum_id), link("admin.participants.participants", forum_id=forum_id)
    words = Words(
        _("Withdraw the invitation"),
        _(
            "The person will not be assigned the role and will not be notified by email. Anyone who opens the link in "
            "the invitation will be informed that it has been withdrawn."
        ),
        _("Withdraw the invitation"),
        _("The invitation has been withdrawn."),
    )

    def asked() -> dict[str, Any]:
        invitee = get_invitee(forum_id, key)
        refusal = Refused(HAS_SIGNED_UP) if invitee.user_id else None
        name = f"{invitee.name}, {invitee.email}"
        return {"version": version_of_invitee(invitee), "name": name, "refusal": refusal}

    steps = [*steps_to(forum), (_("Participants by invitation"), back, "")]
    return ask(words, steps, partial(withdraw, forum_id, key), asked, back=back)


# Invited States, and roles


class InvitationForm(VersionedForm):
    countries = ChoicesField(_l("States"), coerce=str)

    def offer(self, forum: Forum, language: Language) -> None:
        """Set the choices in the order of the reader's language, those of before among them."""
        present = [one.country for one in forum.invitations]
        self.countries.offer(language.states_in_order(*present))
        if not self.is_submitted():
            self.countries.data = present


class RoleForm(EmailForm, VersionedForm):
    """A role for someone who has an account."""

    email = EmailField(
        _l("Email address"),
        validators=[Required(_l("Enter the email address of the person.")), AtMost(User.MAX_EMAIL)],
    )
    role = ChoiceField(_l("Role"), default=Role.MODERATOR)
    languages = ChoicesField(
        _l("Moderates only messages in"),
        coerce=str,
        description=_l("If no language is selected, the role covers messages in all languages."),
    )

    def offer(self) -> None:
        self.role.offer(labels.choices(labels.ROLE))
        self.languages.offer([(code, language.name) for code, language in site_languages().items()])

    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes; only a moderator's role can be limited to languages."""
        role = Role(self.role.data)
        languages = self.languages.data or () if role == Role.MODERATOR else ()
        return {"email": self.email.data, "role": role, "languages": languages, "version": self.version.data}


@bp.route("/invitations/", methods=["GET", "POST"])
def invitations(forum_id: int) -> ResponseReturnValue:
    found, viewer = fetch(Forum, forum_id), signed_in_user()
    require_forum_takes("forums", found, "settings")
    form = _invitation_form(found)
    saved = carry_out(
        form,
        lambda: invite_states(forum_id, form.countries.data or (), version=form.version.data, viewer=viewer),
        lambda: _invitation_form(found, formdata=None),
    )
    if saved is not None:
        return done(_("The changes have been saved."), link("admin.forums.show", forum_id=forum_id, _anchor="people"))
    return show(
        "admin/invitations.html", _("Invited States"), steps_to(found), form=form, forum=found, about=about(found)
    )


@bp.route("/roles/", methods=["GET", "POST"])
def roles(forum_id: int) -> ResponseReturnValue:
    found, form = get_whole_forum(forum_id), RoleForm()
    form.offer()
    given = carry_out(form, lambda: give_role(forum_id, **form.asked, viewer=signed_in_user()))
    if given is not None:
        return done(_("The role has been assigned."), link("admin.participants.roles", forum_id=forum_id))
    form.shows(version_of_roles(found))
    return show(
        "admin/roles.html", _("Roles in the forum"), steps_to(found), form=form, forum=found, about=about(found)
    )


@bp.route(f"/roles/<int:user_id>/<any({','.join(Role)}):role>/end/", methods=["GET", "POST"])
def end_role(forum_id: int, user_id: int, role: str) -> ResponseReturnValue:
    """Raises NotFound where the person does not hold the role."""
    forum, user, ended = fetch(Forum, forum_id), fetch(User, user_id), Role(role)
    back = link("admin.participants.roles", forum_id=forum_id)
    words = Words(_("Remove the role"), _(labels.ROLE[ended]), _("Remove the role"), _("The role has been removed."))
    steps = [*steps_to(forum), (_("Roles in the forum"), back, "")]

    def asked() -> dict[str, str]:
        if forum_id not in held_by(user, ended):
            raise NotFound
        return {"version": version_of_role(forum_id, user, ended), "name": user.name}

    return ask(words, steps, partial(take_role, forum_id, user_id, ended), asked, back=back)


def _invitation_form(forum: Forum, **source: Any) -> InvitationForm:
    """The form of those that are invited; with `formdata=None` of what is stored, whatever was sent."""
    form = InvitationForm(version=version_of_invitations(forum), **source)
    form.offer(forum, reader_language())
    return form
