"""People: their list, what is done with several at once, and each person's page."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from wtforms import BooleanField

from app import labels
from app.addresses import LARGEST_KEY, asked_page, link
from app.admin.frame import Steps, Words, ask, done, done_already, query_without_page, show
from app.admin.texts import titles_of_forums
from app.auth import sign_in
from app.auth.account import ADMINISTERED, change_profile_and_rights, get_person, version_of_user
from app.auth.forms import NoAddress, PersonsName, TypedAddress
from app.auth.leaving import STANDING, delete_person, posted_for_the_name_of, version_of_person
from app.auth.own_data import give_data
from app.auth.sign_up import count_waiting
from app.auth.undelivered import lift_lock, version_of_locks
from app.database import utcnow
from app.errors import AlreadyDecided, LastAdministrator, NotFound, Refused
from app.extensions import db, transaction
from app.forms import AtMost, ChoiceField, ChoicesField, LineField, OnceForm, Required, VersionedForm, carry_out
from app.labels import person_name
from app.languages import N_, Language, language_or_default, reader_language, site_languages
from app.mail.queries import has_failed, mails_of
from app.models import ActKind, Role, User
from app.moderation.forms import ReasonForm
from app.moderation.people import reinstate, suspend, withhold_everything
from app.moderation.queue import list_posted_by, list_reasons
from app.paging import page_of_list
from app.permissions import require
from app.plain import comparable, plain_identifier
from app.roles import approve, covered, held_by
from app.rows import fetch
from app.submissions import Once
from app.turns import in_turn
from app.versions import fingerprint, require_version, version_of
from app.viewer import signed_in_user

LONGEST_SEARCH = 100
MOST_AT_ONCE = 100
NOT_CONTENT = frozenset({"csrf_token", "submission", "version", "people"})
KEYS = re.compile(r"\d{1,10}(-\d{1,10})*")


bp = Blueprint("people", __name__)


# Queries


def search_people(text: str, language: Language) -> list[int]:
    """The keys of the people whose name, email address or organization contains the text, whatever its case and
    accents, in the order of the reader's language, which no database knows; former participants come last. People who
    have never had an account on this site are left out."""
    wanted = comparable(text[:LONGEST_SEARCH])
    columns = select(User.id, User.name, User.email, User.organization, User.former_number)
    people = db.session.execute(columns.where(User.has_account | User.former_number.is_not(None)))
    found = [row for row in people if wanted in comparable(f"{person_name(row)}\n{row.email}\n{row.organization}")]
    found.sort(key=lambda row: (row.former_number or 0, language.sort_key(row.name), row.id))
    return [row.id for row in found]


def get_people(keys: Sequence[int]) -> list[User]:
    """The people with these keys, with their roles, in this order."""
    people = db.session.scalars(select(User).where(User.id.in_(keys)).options(selectinload(User.roles)))
    return sorted(people, key=lambda user: keys.index(user.id))


def version_of_people(people: Iterable[User]) -> str:
    """The version of several people on one page that asks."""
    return fingerprint([(user.id, version_of(user, STANDING)) for user in people])


# Steps that are taken with one person or with several, each person in a transaction of their own


class StepForm(OnceForm, VersionedForm):
    """About which of the people that the page shows; all of them if they are not asked for."""

    people = ChoicesField(_l("People"))

    def ask_about(self, people: Sequence[User]) -> None:
        """Ask which, where there are several."""
        self.shown = [user.id for user in people]
        self.people.offer([(user.id, f"{user.name}, {user.email}") for user in people])
        if not self.is_submitted():
            self.people.data = self.shown
        if len(people) == 1:
            del self.people

    def validate(self, extra_validators: object = None) -> bool:
        valid = super().validate(extra_validators)
        if "people" in self and not self.people.data and not self.people.errors:
            self.people.errors = [_("Please choose at least one person.")]
            return False
        return valid

    @property
    def chosen(self) -> list[int]:
        """The keys of those with whom it is to be done."""
        return [key for key in self.shown if "people" not in self or key in (self.people.data or ())]

    @property
    def content(self) -> list[tuple[str, Any]]:
        """What else it says, which tells it from another form."""
        return [(one.name, one.data) for one in self if one.short_name not in NOT_CONTENT]


class ReasonedStepForm(StepForm, ReasonForm):
    KIND = ActKind.WITHHOLD  # whose reasons fit
    NO_REASON = _l("Select a reason or write one.")

    def ask_about(self, people: Sequence[User]) -> None:
        super().ask_about(people)
        self.offer(list_reasons(self.KIND), reader_language())


class SuspendForm(ReasonedStepForm):
    withhold = BooleanField(_l("Also withhold all messages posted so far; the reason will then be public"))


class ApproveForm(StepForm):
    forum = ChoiceField(_l("Forum"), coerce=lambda value: int(value or 0))

    def ask_about(self, people: Sequence[User]) -> None:
        super().ask_about(people)
        self.forum.offer(titles_of_forums())


@dataclass(frozen=True)
class Step:
    """One step: its words, its form, and what it does with a person, inside a transaction, for a form that was sent.

    `act` may return how many messages it withheld. It raises AlreadyDecided where there is nothing to do, Refused and
    LastAdministrator.
    """

    heading: str
    heading_of_several: str
    explanation: str
    button: str
    form: type[StepForm]
    act: Callable[[User, Any, User], int | None]
    is_done: Callable[[User], bool] = lambda _user: False


STEPS = {
    "suspend": Step(
        N_("Suspend an account"),
        N_("Suspend accounts"),
        N_(
            "All their sessions will be ended, and they will no longer be able to sign in. The suspension can be "
            "lifted."
        ),
        N_("Suspend"),
        SuspendForm,
        lambda user, form, viewer: suspend(user, form.reason, viewer, withholds=form.withhold.data),
        lambda user: user.suspended_at is not None,
    ),
    "reinstate": Step(
        N_("Reinstate an account"),
        N_("Reinstate accounts"),
        N_(
            "They will be able to sign in again and will be notified by email. Messages that were withheld will "
            "remain withheld."
        ),
        N_("Reinstate"),
        ReasonedStepForm,
        lambda user, form, viewer: reinstate(user, form.reason, viewer),
        lambda user: user.suspended_at is None,
    ),
    "withhold": Step(
        N_("Withhold all messages of a person"),
        N_("Withhold all messages of these people"),
        N_(
            "Readers will see their numbers, the date and the reason, but not their text. Each will be "
            "entered in the public record; the author will be notified in a single email."
        ),
        N_("Withhold all messages"),
        ReasonedStepForm,
        lambda user, form, viewer: withhold_everything(user, form.reason, viewer),
    ),
    "approve": Step(
        N_("Approve a person for a forum"),
        N_("Approve people for a forum"),
        N_("They will be able to post where only approved participants may, and will be notified by email."),
        N_("Approve for a forum"),
        ApproveForm,
        lambda user, form, viewer: approve(user, form.forum.data, viewer=viewer),
    ),
}


def take_step(name: str, form: Any, *, viewer: User) -> tuple[int, int, list[tuple[str, str]]]:
    """Take one of STEPS with the people that the form says; the same form sent again does nothing.

    Returns with how many it is done, how many messages were withheld, and `(name, why not)` of the others. If the page
    shows one person only, why not is raised: Refused, AlreadyDecided or LastAdministrator. Raises ChangedMeanwhile,
    NotFound and Forbidden.
    """
    keys, messages, refused, is_checked = form.chosen, 0, [], False
    for user_id in keys:
        once = Once(form.submission.data or "", viewer, name, user_id, form.content)
        try:
            with transaction(once=once):
                require(viewer, "administer")
                user = get_person(user_id)
                if once.before is not None:
                    continue
                if not is_checked:
                    require_version(form.version.data, version_of_people(get_people(form.shown)))
                    is_checked = True
                messages += STEPS[name].act(user, form, viewer) or 0
                once.made(user_id)
        except (Refused, AlreadyDecided, LastAdministrator, NotFound) as error:
            if len(form.shown) == 1:
                raise
            why_not = _("This account has been deleted.") if isinstance(error, NotFound) else str(error.message)
            refused.append((person_name(fetch(User, user_id)), why_not))
    return len(keys) - len(refused), messages, refused


@bp.get("/people/")
def index() -> ResponseReturnValue:
    wanted = plain_identifier(request.args.get("q", ""), LONGEST_SEARCH)
    found = page_of_list(search_people(wanted, reader_language()), asked_page())
    return show(
        "admin/people.html",
        _("People"),
        [],
        found=replace(found, rows=get_people(found.rows)),
        wanted=wanted,
        query=query_without_page(),
        waiting=count_waiting(),
        possible=STEPS,
        is_for_all=bool(wanted) and 1 < found.total <= MOST_AT_ONCE,
    )


@bp.get("/people/choose/")
def choose() -> ResponseReturnValue:
    """From the list, with its boxes or its search, to the page that asks."""
    wanted, name = plain_identifier(request.args.get("q", ""), LONGEST_SEARCH), request.args.get("step", "")
    ticked = [key for key in request.args.getlist("person", type=int) if 0 < key <= LARGEST_KEY]
    keys = search_people(wanted, reader_language()) if wanted else ticked
    people = [user for user in get_people(keys[:MOST_AT_ONCE]) if user.has_account]
    if name not in STEPS or not people:
        return redirect(link("admin.people.index"))
    return redirect(link("admin.people.step", keys="-".join(str(user.id) for user in people), name=name))


@bp.route(f"/people/<keys>/<any({','.join(STEPS)}):name>/", methods=["GET", "POST"])
def step(keys: str, name: str) -> ResponseReturnValue:
    people, words, viewer = _people_of(keys), STEPS[name], signed_in_user()
    back = _page_of(people[0].id) if len(people) == 1 else link("admin.people.index")
    open_to = [user for user in people if not words.is_done(user)]
    form = words.form()
    form.ask_about(people)
    if "words" in form:
        form.words.description = _hint(people, name)
    result = carry_out(form, lambda: take_step(name, form, viewer=viewer))
    if result is not None:
        return _after(name, back, *result)
    form.shows(version_of_people(people))
    heading = _(words.heading if len(people) == 1 else words.heading_of_several)
    shown = {"people": people, "step": words, "is_done": not open_to, "back": back}
    return show("admin/people_step.html", heading, _steps_to(*people), form=form, **shown)


def _people_of(keys: str) -> list[User]:
    """Raises NotFound if the address names no one, too many people, or someone who does not exist."""
    numbers = list(dict.fromkeys(map(int, keys.split("-")))) if KEYS.fullmatch(keys) else []
    if not 0 < len(numbers) <= MOST_AT_ONCE:
        raise NotFound
    people = get_people([number for number in numbers if number <= LARGEST_KEY])
    if len(people) < len(numbers) or not all(user.has_account for user in people):
        raise NotFound
    return people


def _hint(people: Sequence[User], name: str) -> str:
    if name == "reinstate":
        return _("The reason will be kept in the log.")
    languages = dict.fromkeys(language_or_default(user.language).name for user in people)
    return _(
        "The reason will be shown to them in an email and when they sign in; please write it in the language of the "
        "account (%(language)s).",
        language=", ".join(languages),
    )


def _after(name: str, path: str, count: int, messages: int, refused: list[tuple[str, str]]) -> ResponseReturnValue:
    """Say what was done, and with whom it was not."""
    told = {
        "suspend": ngettext("%(num)s account has been suspended.", "%(num)s accounts have been suspended.", count),
        "reinstate": ngettext("%(num)s person can sign in again.", "%(num)s people can sign in again.", count),
        "withhold": "",
        "approve": ngettext("%(num)s person has been approved.", "%(num)s people have been approved.", count),
    }[name]
    withheld = (
        ngettext("%(num)s message has been withheld.", "%(num)s messages have been withheld.", messages)
        if messages
        else ""
    )
    why_not = [_("%(name)s: %(reason)s", name=who, reason=reason) for who, reason in refused]
    flash(" ".join(filter(None, [told if count else "", withheld, *why_not])), "success" if count else "error")
    return redirect(path)


def _steps_to(*people: User) -> Steps:
    """The steps to the list of people, and to the page of one if there is only one."""
    alone = [(user.name, _page_of(user.id), "") for user in people if len(people) == 1]
    return [(_("People"), link("admin.people.index"), ""), *alone]


def _page_of(user_id: int) -> str:
    return link("admin.people.person", user_id=user_id)


# The page of a person


class UserForm(VersionedForm):
    title = LineField(_l("Title (optional)"), [AtMost(User.MAX_TITLE), PersonsName()])
    name = LineField(_l("Name"), [Required(_l("Please enter the name.")), AtMost(User.MAX_NAME), PersonsName()])
    organization = LineField(_l("Organization, ministry or agency"), [AtMost(User.MAX_ORGANIZATION), NoAddress()])
    country = ChoiceField(_l("Party or Government"))
    capacity = ChoiceField(_l("Capacity"))
    is_profile_confirmed = BooleanField(
        _l("Capacity, State and organization are confirmed, and each new message says so")
    )
    language = ChoiceField(_l("Language of pages and emails"))
    is_admin = BooleanField(_l("Administrator of the site"))
    moderator = ChoicesField(_l("Moderator of"))
    languages = ChoicesField(
        _l("Moderates only messages in"),
        coerce=str,
        description=_l(
            "If no language is selected for a forum, the moderator is responsible for messages in all languages."
        ),
    )
    translator = ChoicesField(_l("Translator of"))
    participant = ChoicesField(_l("Forums restricted to approved participants in which this person may post"))

    def offer(self, user: User, forums: list[tuple[int, str]], language: Language) -> None:
        """Set the choices: States as the reader's language names them, and the forums, as `(key, title)`."""
        self.country.offer([("", _("None")), *language.states_in_order(user.country)])
        self.capacity.offer(labels.choices(labels.CAPACITY))
        self.language.offer([(code, other.name) for code, other in site_languages().items()])
        for role in Role:
            self[role].offer(forums)
            if not self.is_submitted():
                self[role].data = list(held_by(user, role))
        self.languages.offer(
            [
                (f"{key}-{code}", _("%(forum)s: %(language)s", forum=title, language=other.name))
                for key, title in forums
                for code, other in site_languages().items()
            ]
        )
        if not self.is_submitted():
            held = held_by(user, Role.MODERATOR)
            self.languages.data = [f"{key}-{code}" for key, codes in held.items() for code in codes.split()]

    @property
    def profile(self) -> dict[str, Any]:
        values = {name: self[name].data for name in ADMINISTERED}
        return {name: "" if value is None else value for name, value in values.items()}

    @property
    def roles(self) -> dict[Role, dict[int, str]]:
        """The forums in which each role is to be held, by key, with the languages that it covers."""
        return {role: {key: self._languages_of(role, key) for key in self[role].data or ()} for role in Role}

    def _languages_of(self, role: Role, forum_id: int) -> str:
        if role != Role.MODERATOR:
            return ""
        marks = (mark.split("-") for mark in self.languages.data or ())
        return covered(code for key, code in marks if key == str(forum_id))


class DataForm(OnceForm):
    asked_by = LineField(
        _l("The written request: its date and how it was received"),
        [Required(_l("State the request by which the person asked for the data.")), AtMost(User.MAX_REASON)],
        description=_l("The reason will be kept in the log."),
    )


class DeletePersonForm(TypedAddress, VersionedForm):
    is_speaker = BooleanField()

    def offer(self, numbers: Sequence[int]) -> None:
        """Ask about the messages with these numbers, where there are any."""
        if not numbers:
            del self.is_speaker
            return
        self.is_speaker.label.text = _(
            "The Secretariat has posted these messages for a person of the same name: %(messages)s. I am sure "
            "that it is the same person; remove the name and the organization there too.",
            messages=", ".join(f"#{number}" for number in numbers),
        )

    @property
    def has_spoken(self) -> bool:
        return "is_speaker" in self and bool(self.is_speaker.data)


@bp.route("/people/<int:user_id>/", methods=["GET", "POST"])
def person(user_id: int) -> ResponseReturnValue:
    user, viewer = get_person(user_id), signed_in_user()
    form = _form_of(user)
    saved = carry_out(
        form,
        lambda: change_profile_and_rights(user_id, form.profile, form.roles, version=form.version.data, viewer=viewer),
        lambda: _form_of(user, formdata=None),
    )
    if saved is not None:
        return done(_("The changes have been saved."), _page_of(user_id))
    return show(
        "admin/person.html",
        user.name,
        _steps_to(),
        form=form,
        user=user,
        posted=list_posted_by(user, asked_page()),
        sign_ins=sign_in.list_sign_ins(user),
        mails=mails_of(user),
        has_failed=has_failed,
        now=utcnow(),
        steps_possible={name: words for name, words in STEPS.items() if not words.is_done(user)},
    )


@bp.route("/people/<int:user_id>/unlock/", methods=["GET", "POST"])
def unlock(user_id: int) -> ResponseReturnValue:
    user = get_person(user_id)
    words = Words(
        _("Lift a sign-in lock"),
        _(
            "After too many wrong passwords or codes, no one can sign in to an account for some time. Once "
            "the lock is lifted, the person can try again immediately; the password does not change."
        ),
        _("Lift the lock"),
        _("The count of sign-in attempts for this account has been reset."),
    )

    def about() -> dict[str, str]:
        return {"version": version_of_locks(user), "name": f"{user.name}, {user.email}"}

    return ask(words, _steps_to(user), partial(lift_lock, user_id), about, back=_page_of(user_id))


@bp.route("/people/<int:user_id>/delete/", methods=["GET", "POST"])
def delete(user_id: int) -> ResponseReturnValue:
    if request.method == "POST" and fetch(User, user_id).former_number is not None:
        return done_already(link("admin.people.index"))
    user, viewer = get_person(user_id), signed_in_user()
    form = DeletePersonForm(own_email=user.email)
    form.offer(posted_for_the_name_of(user))
    version = form.version.data
    if carry_out(form, lambda: delete_person(user_id, is_speaker=form.has_spoken, version=version, viewer=viewer)):
        return done(_("The account has been deleted."), link("admin.people.index"))
    form.shows(version_of_person(user))
    return _about(_("Delete an account"), user, form, deletes=True)


@bp.route("/people/<int:user_id>/data/", methods=["GET", "POST"])
@in_turn
def data(user_id: int) -> ResponseReturnValue:
    user, form, viewer = get_person(user_id), DataForm(), signed_in_user()
    file = carry_out(form, lambda: give_data(user_id, form.asked_by.data or "", viewer=viewer))
    if file is None:
        return _about(_("Provide a person with their data"), user, form)
    answer = Response(file, mimetype="application/json")
    name = f"data-of-person-{user_id}-{utcnow():%Y-%m-%d}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _about(heading: str, user: User, form: Any, **context: Any) -> ResponseReturnValue:
    """A page that asks before something is done about a person."""
    back = _page_of(user.id)
    return show("admin/person_step.html", heading, _steps_to(user), form=form, user=user, back=back, **context)


def _form_of(user: User, **source: Any) -> UserForm:
    """The form of a person; with `formdata=None` of what is stored, whatever was sent."""
    form = UserForm(obj=user, version=version_of_user(user), **source)
    form.offer(user, titles_of_forums(), reader_language())
    return form
