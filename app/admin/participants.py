"""Who takes part in a forum: invited States, roles, and participants who are invited by a list."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from babel import Locale
from flask import Blueprint, flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms.validators import ValidationError

from app import labels
from app.addresses import link
from app.admin.forums import get_whole_forum
from app.admin.frame import ask, done, done_already, here, show, steps_to
from app.admin.people import comparable
from app.audit import changed, record
from app.auth.emails import find_by_email
from app.auth.forms import (
    FOR_A_GOVERNMENT,
    FOR_AN_ORGANIZATION,
    EmailField,
    EmailForm,
    NoAddress,
    PersonsName,
    checked_email,
)
from app.errors import NotFound, Refused
from app.extensions import transaction
from app.forms import AtMost, BodyField, ChoiceField, ChoicesField, OnceForm, Required, VersionedForm, carry_out
from app.invitees import Outcome, invite, list_invited
from app.languages import Language, reader_language, site_default, site_languages, speaking
from app.models import Capacity, Forum, Invitation, Role, User
from app.permissions import require, require_forum_takes
from app.plain import plain_line
from app.roles import covered, held_by, hold, version_of_role, version_of_roles
from app.rows import fetch
from app.versions import fingerprint, require_version
from app.viewer import signed_in_user

MOST_LINES = 500
LONGEST_LIST = 100_000  # in characters
LONGEST_LINE = 1_000
MOST_TOLD = 10  # bad lines above the box; the reasons of all stand in it
SEPARATORS = ("\t", ";", ",")
REMARK = "  # "
IS_HEADING = re.compile(r"mail|correo|courriel", re.IGNORECASE)
INVITABLE = tuple(capacity for capacity in Capacity if capacity != Capacity.SECRETARIAT)
EXAMPLE = _l("Jane Smith, jane@example.org, Kenya, Party, en")
UNKNOWN_PERSON = _l("There is no account with this email address. Please check it, or consult the list of people.")

bp = Blueprint("participants", __name__, url_prefix="/forums/<int:forum_id>")


# A list of people, line by line


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be taken, with its number, from 1, and the reason."""

    number: int
    text: str
    reason: str

    def __str__(self) -> str:
        """As it comes back in the box; the reason is not read when it is sent again."""
        return f"{self.text}{REMARK}{self.reason}"


class Vocabulary:
    """What may stand in a list, by its name in every language of the site and by its code."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.languages: dict[str, str] = {}
        self.capacities: dict[str, Capacity] = {capacity.value: capacity for capacity in INVITABLE}
        for language in site_languages().values():
            for code, name in (language.invented_states | language.states).items():
                self.states |= {comparable(name): code, comparable(code): code}
                self.states.setdefault(comparable(name.partition(" (")[0]), code)
            with speaking(language):
                self.capacities |= {comparable(_(labels.CAPACITY[capacity])): capacity for capacity in INVITABLE}
            for code, other in site_languages().items():
                shown = Locale.parse(code).get_display_name(language.code) or code
                self.languages |= {code: code, comparable(other.name): code, comparable(shown): code}

    def capacity_of(self, text: str) -> Capacity | None:
        """The capacity with this name, or the only one whose name has this word: “Government” is “Other Government”."""
        wanted = comparable(text)
        found = {capacity for name, capacity in self.capacities.items() if wanted in name.split()}
        return self.capacities.get(wanted) or (found.pop() if len(found) == 1 else None)


def read_list(text: str) -> tuple[list[dict[str, str]], list[tuple[int, str]], list[BadLine]]:
    """The people of a list, the number and the text of the line of each, and the lines that cannot be taken.

    A line has name, e-mail address, State or organization, capacity and, if it is not that of the site, the language,
    between tabs, semicolons or commas, in quotation marks if one stands in them. Headings and empty lines are left out.
    """
    words, seen = Vocabulary(), set[str]()
    people: list[dict[str, str]] = []
    lines: list[tuple[int, str]] = []
    bad: list[BadLine] = []
    for number, line in enumerate(text.split("\n"), start=1):
        kept = line.partition(REMARK)[0].strip()
        if not kept or (number == 1 and IS_HEADING.search(kept) and "@" not in kept):
            continue
        try:
            person = _read_line(kept, words)
            if person["email"] in seen:
                raise ValidationError(_("This address is in the list twice."))
        except ValidationError as error:
            bad.append(BadLine(number, kept, str(error)))
        else:
            seen.add(person["email"])
            people.append(person)
            lines.append((number, kept))
    return people, lines, bad


def _read_line(line: str, words: Vocabulary) -> dict[str, str]:
    """Raises ValidationError with the reason why it cannot be taken."""
    if len(line) > LONGEST_LINE:
        raise ValidationError(_("This line is too long."))
    mark = next((mark for mark in SEPARATORS if mark in line), ",")
    cells = [plain_line(cell, LONGEST_LINE) for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True))]
    if not 4 <= len(cells) <= 5:
        raise ValidationError(
            _("Each line must contain a name, an address, a State or organization, a capacity and a language.")
        )
    name, address, whom, capacity_name, language_name = [*cells, ""][:5]
    if not name or len(name) > User.MAX_NAME:
        raise ValidationError(_("Please enter the name."))
    PersonsName()(None, SimpleNamespace(data=name))
    capacity = words.capacity_of(capacity_name)
    if capacity is None:
        raise ValidationError(_("This capacity does not exist: “%(text)s”.", text=capacity_name[:60]))
    language = words.languages.get(comparable(language_name)) if language_name else site_default().code
    if language is None:
        raise ValidationError(_("The site is not available in this language: “%(text)s”.", text=language_name[:60]))
    person = {"name": name, "email": checked_email(address), "capacity": capacity.value, "language": language}
    return person | _whom(whom, capacity, words)


def _whom(text: str, capacity: Capacity, words: Vocabulary) -> dict[str, str]:
    """The State or the organization for which somebody with this capacity speaks."""
    state = "" if capacity in FOR_AN_ORGANIZATION else words.states.get(comparable(text), "")
    if capacity in FOR_A_GOVERNMENT and not state:
        raise ValidationError(_("This State is not in the list of States: “%(text)s”.", text=text[:60]))
    organization = "" if state else text
    if capacity in FOR_AN_ORGANIZATION and not organization:
        raise ValidationError(_("Enter the name of the organization or community on whose behalf the person speaks."))
    if len(organization) > User.MAX_ORGANIZATION:
        raise ValidationError(_("The name of the organization is too long."))
    NoAddress()(None, SimpleNamespace(data=organization))
    return {"country": state, "organization": organization}


class ListForm(OnceForm):
    told: Sequence[str] = ()  # what is wrong with the first bad lines

    people = BodyField(
        _l("People to invite"),
        [Required(_l("Enter at least one line.")), AtMost(LONGEST_LIST)],
        description=_l(
            "One line per person, 500 at most: name, email address, State or organization, capacity and language, "
            "separated by commas, semicolons or tabs, as in a CSV file or in cells copied from a spreadsheet."
        ),
        render_kw={"rows": 12, "dir": "auto", "spellcheck": "false", "placeholder": EXAMPLE},
    )
    role = ChoiceField(_l("Role"), default=Role.PARTICIPANT)

    def offer(self) -> None:
        self.role.offer([(role.value, _(label)) for role, label in labels.ROLE.items()])

    def validate_people(self, field: Any) -> None:
        if (field.data or "").count("\n") >= MOST_LINES:
            raise ValidationError(_("No more than 500 people can be invited at once."))

    def give_back(self, bad: list[BadLine]) -> None:
        """Show the lines that could not be taken, and nothing else."""
        self.people.data, self.people.raw_data = "\n".join(map(str, bad)), None
        self.told = [_("Line %(number)s: %(reason)s", number=one.number, reason=one.reason) for one in bad[:MOST_TOLD]]
        self.people.errors = [
            ngettext(
                "%(num)s line was not accepted. The reason is given after it; correct the line and submit it again.",
                "%(num)s lines were not accepted. The reason is given after each; correct the lines and submit them "
                "again.",
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
        people, lines, bad = read_list(form.people.data or "")
        role, key = Role(form.role.data), form.submission.data or ""
        outcome = invite(forum_id, people, role, key=key, viewer=viewer) if people else Outcome()
        bad = sorted([*bad, *_suspended(people, lines, outcome)], key=lambda line: line.number)
        _tell(outcome)
        if not bad:
            return redirect(link("admin.participants.participants", forum_id=forum_id))
        form.give_back(bad)
    heading = _("Participants by invitation")
    shown = {"forum": forum, "invited": list_invited(forum_id)}
    return show("admin/participants.html", heading, [*steps_to(forum), here(heading)], form=form, **shown)


def _suspended(people: list[dict[str, str]], lines: list[tuple[int, str]], outcome: Outcome | None) -> list[BadLine]:
    """The lines of those whose accounts are suspended."""
    refused = outcome.suspended if outcome else ()
    return [
        BadLine(number, line, _("This account is suspended."))
        for person, (number, line) in zip(people, lines, strict=True)
        if person["email"] in refused
    ]


def _tell(outcome: Outcome | None) -> None:
    if outcome is None:
        flash(_("This has already been done. No further change was made."), "success")
        return
    told = [
        (
            outcome.invited,
            ngettext("%(num)s person has been invited.", "%(num)s people have been invited.", outcome.invited),
        ),
        (
            outcome.given,
            ngettext(
                "%(num)s person already has an account and has been assigned the role.",
                "%(num)s people already have accounts and have been assigned the role.",
                outcome.given,
            ),
        ),
        (
            outcome.before,
            ngettext(
                "%(num)s person had already been invited.", "%(num)s people had already been invited.", outcome.before
            ),
        ),
    ]
    if text := " ".join(sentence for count, sentence in told if count):
        flash(text, "success")


# Invited States, and roles


def version_of_invitations(forum: Forum) -> str:
    return fingerprint(sorted(one.country for one in forum.invitations))


class InvitationForm(VersionedForm):
    countries = ChoicesField(_l("States"), coerce=str)

    def offer(self, forum: Forum, language: Language) -> None:
        """Set the choices in the order of the reader's language, those of before among them."""
        present = [one.country for one in forum.invitations]
        self.countries.offer(language.states_in_order(*present))
        if not self.is_submitted():
            self.countries.data = present


class RoleForm(EmailForm, VersionedForm):
    """A role for somebody who has an account."""

    email = EmailField(
        _l("Email address"),
        validators=[Required(_l("Enter the email address of the person.")), AtMost(User.MAX_EMAIL)],
    )
    role = ChoiceField(_l("Role"), default=Role.MODERATOR)
    languages = ChoicesField(
        _l("Moderates only messages in"),
        coerce=str,
        description=_l("If no language is selected, messages in all languages."),
    )

    def offer(self) -> None:
        self.role.offer([(role.value, _(label)) for role, label in labels.ROLE.items()])
        self.languages.offer([(code, language.name) for code, language in site_languages().items()])

    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes; only a moderator's role can be limited to languages."""
        role = Role(self.role.data)
        languages = self.languages.data or () if role == Role.MODERATOR else ()
        return {"email": self.email.data, "role": role, "languages": languages, "version": self.version.data}


def invite_states(forum_id: int, countries: Iterable[str], *, version: str, viewer: User) -> int:
    """Let these States, by their codes, be those that are invited, and return how many they are.

    `version` is the one that the form showed. Raises NotFound, Archived, Forbidden and ChangedMeanwhile.
    """
    with transaction():
        require(viewer, "administer")
        forum, wanted = fetch(Forum, forum_id), set(countries)
        require_forum_takes("forums", forum, "settings")
        before = {one.country for one in forum.invitations}
        changes = changed("invitations", ", ".join(sorted(before)), ", ".join(sorted(wanted)))
        require_version(version, version_of_invitations(forum), changes=changes)
        forum.invitations[:] = [one for one in forum.invitations if one.country in wanted]
        forum.invitations += [Invitation(country=country) for country in sorted(wanted - before)]
        if changes:
            record(viewer, "edit", "forums", forum, changes)
    return len(wanted)


def give_role(forum_id: int, email: str, role: Role, languages: Iterable[str], *, version: str, viewer: User) -> int:
    """Let the person with this e-mail address hold the role, for these languages only or, with none, for all.

    Returns the person's key. `version` is that of the forum's roles which the page showed. Raises Refused for an
    unknown address, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        forum, user = fetch(Forum, forum_id), find_by_email(email)
        if user is None:
            raise Refused(UNKNOWN_PERSON, "email")
        if role == Role.PARTICIPANT:
            require_forum_takes("forums", forum, "participants")
        held, wanted = held_by(user, role), covered(languages)
        require_version(version, version_of_roles(forum), changes=held.get(forum.id) != wanted)
        hold(user, role, {**held, forum.id: wanted}, viewer=viewer)
        key: int = user.id
    return key


def take_role(forum_id: int, user_id: int, role: Role, *, version: str, viewer: User) -> bool:
    """End a role; False where the person does not hold it. `version` is the one of it that the page showed.

    Raises ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = fetch(User, user_id)
        held, present = held_by(user, role), version_of_role(forum_id, user, role)
        if held.pop(forum_id, None) is None:
            return False
        require_version(version, present)
        hold(user, role, held, viewer=viewer)
    return True


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
    heading = _("Invited States")
    return show("admin/invitations.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route("/roles/", methods=["GET", "POST"])
def roles(forum_id: int) -> ResponseReturnValue:
    found, form = get_whole_forum(forum_id), RoleForm()
    form.offer()
    given = carry_out(form, lambda: give_role(forum_id, **form.asked, viewer=signed_in_user()))
    if given is not None:
        return done(_("The role has been assigned."), link("admin.participants.roles", forum_id=forum_id))
    form.shows(version_of_roles(found))
    heading = _("Roles in the forum")
    return show("admin/roles.html", heading, [*steps_to(found), here(heading)], form=form, forum=found)


@bp.route(f"/roles/<int:user_id>/<any({','.join(Role)}):role>/end/", methods=["GET", "POST"])
def end_role(forum_id: int, user_id: int, role: str) -> ResponseReturnValue:
    """Raises NotFound where the person does not hold the role."""
    forum, user, form, viewer = fetch(Forum, forum_id), fetch(User, user_id), VersionedForm(), signed_in_user()
    back = link("admin.participants.roles", forum_id=forum_id)
    version = form.version.data
    ended = carry_out(form, lambda: take_role(forum_id, user_id, Role(role), version=version, viewer=viewer))
    if ended is not None:
        return done(_("The role has been removed."), back) if ended else done_already(back)
    if forum.id not in held_by(user, Role(role)):
        raise NotFound
    return ask(
        _("Remove the role"),
        [*steps_to(forum), (_("Roles in the forum"), back, "")],
        form=form,
        version=version_of_role(forum.id, user, Role(role)),
        name=user.name,
        explanation=_(labels.ROLE[Role(role)]),
        button=_("Remove the role"),
        back=back,
    )


def _invitation_form(forum: Forum, **source: Any) -> InvitationForm:
    """The form of those that are invited; with `formdata=None` of what is stored, whatever was sent."""
    form = InvitationForm(version=version_of_invitations(forum), **source)
    form.offer(forum, reader_language())
    return form
