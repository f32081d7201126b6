"""Announcements of the Secretariat: which can be sent now, to whom they go, and sending them.

Sending one writes its row, and nothing else. From it, the worker writes the emails in batches, each in a transaction
that also says how far it has come: a worker that is killed goes on where it was, and no address gets two. Before each
email is written, and again before it is sent (app/mail/queries.py), the announcement must still be true.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, case, exists, func, literal, or_, select
from sqlalchemy.orm import joinedload

from app.audit import changed, record
from app.auth import tokens
from app.auth.emails import address_for
from app.database import LOCKED, utcnow
from app.errors import ChangedMeanwhile, NotFound, Refused
from app.extensions import db, transaction
from app.figures.queries import FOR_A_STATE, approved_for, has_not_written, has_written, is_registered, silent_states
from app.following.stopping import address_to_decline
from app.languages import N_, Language, language_or_default, site_default, speaking, text_in
from app.mail.outbox import enqueue, writing
from app.markup import render
from app.models import (
    INVITING,
    Announcement,
    AnnouncementKind,
    Audience,
    Capacity,
    Forum,
    Invitation,
    Invitee,
    Mail,
    Role,
    User,
)
from app.paging import Listing, one_page
from app.periods import version_of_life
from app.permissions import require
from app.rows import fetch
from app.submissions import Once
from app.versions import fingerprint, require_version

BATCH = 50  # emails in one transaction
COUNTS = func.count(Mail.sent_at).label("sent"), func.count(Mail.given_up_at).label("failed")
LANE = 2  # for which no other email waits
NOT_PUBLIC = _l("The forum is not public, so nothing can be announced about it.")
NO_RECIPIENTS = _l("No one would receive this announcement.")
POSSIBLE = {
    AnnouncementKind.OPENING: _l("Available once a date of opening or reopening is set, and while the forum is open."),
    AnnouncementKind.REMINDER: _l("Available in the last three days before the deadline."),
    AnnouncementKind.EXTENSION: _l("Available while the forum is open, once its deadline has been changed."),
    AnnouncementKind.CLOSING: _l("Available once the forum is closed."),
    AnnouncementKind.OUTCOME: _l("Available once the forum is closed and a document of the kind “Outcome” is listed."),
}

# Why someone gets an announcement: who has no account, and who has one, by the first of these audiences that they
# belong to.
INVITED_IN_PERSON = N_("You receive this because you have been invited to take part in the forum “%(forum)s”.")
INVITED = N_("You receive this because you, or your State, have been invited to take part in the forum “%(forum)s”.")
REASONS = {
    Audience.CONTRIBUTORS: N_("You receive this because you have posted in the forum “%(forum)s”."),
    Audience.INVITED: INVITED,
    Audience.SILENT: INVITED,
    Audience.NOT_WRITTEN: N_("You receive this because you have an account on this site."),
}

Texts = Mapping[str, Mapping[str, str]]  # `subject` and `body` by language


# Which can be sent


def refusal(forum: Forum, kind: AnnouncementKind, now: datetime) -> Refused | None:
    """Why this cannot be announced now; None if it can."""
    if forum.published_at is None:
        return Refused(NOT_PUBLIC)
    return None if kind.is_true_of(forum, now) else Refused(POSSIBLE[kind])


def version_of(forum: Forum) -> str:
    """Of what a form for an announcement shows: the dates of the forum, and what has been announced before."""
    last = select(func.max(Announcement.id)).where(Announcement.forum_id == forum.id)
    return fingerprint(version_of_life(forum), db.session.scalar(last) or 0)


# To whom


def count_recipients(forum: Forum, audiences: Iterable[str]) -> Counter[str]:
    """How many people an announcement would go to, each once, by their languages; those whose language the site no
    longer has are with its default."""
    counted: Counter[str] = Counter()
    chosen = set(audiences)
    for model, condition in ((Invitee, _is_invitee_in(forum, chosen)), (User, _is_user_in(forum, chosen))):
        kind: Any = model
        rows = db.session.execute(select(kind.language, func.count()).where(condition).group_by(kind.language))
        for code, count in rows:
            counted[language_or_default(code).code] += count
    return counted


def count_left_out(forum: Forum, audiences: Iterable[str]) -> tuple[int, int]:
    """How many people of these audiences get no announcement because their address refuses emails, and because they
    have declined."""
    declined = ~User.refuses_mail & ~User.mail_announcements
    counted = select(func.count().filter(User.refuses_mail), func.count().filter(declined))
    refusing, declining = db.session.execute(counted.where(_belongs(forum, set(audiences)))).one()
    return refusing, declining


def asks_to_sign_up(forum: Forum, kind: AnnouncementKind, audiences: Iterable[str]) -> bool:
    """Whether an announcement would also go to invited people without an account, and ask them to sign up."""
    invitees = select(Invitee.id).where(_is_invitee_in(forum, set(audiences))).limit(1)
    return kind in INVITING and db.session.scalar(invitees) is not None


def _is_invitee_in(forum: Forum, chosen: set[str]) -> ColumnElement[bool]:
    """Invited people without an account; they are silent as well."""
    is_asked = bool(chosen & {Audience.INVITED, Audience.SILENT})
    has_account = Invitee.email.in_(select(User.email).where(User.confirmed_at.is_not(None)))
    is_here = (Invitee.forum_id == forum.id) & (Invitee.role == Role.PARTICIPANT) & Invitee.user_id.is_(None)
    return is_here & ~has_account & is_asked


def _is_user_in(forum: Forum, chosen: set[str]) -> ColumnElement[bool]:
    """People of these audiences to whom announcements can be sent and who have not declined them."""
    return _belongs(forum, chosen) & ~User.refuses_mail & User.mail_announcements


def _belongs(forum: Forum, chosen: set[str]) -> ColumnElement[bool]:
    """People with an account that they can use, without the Secretariat."""
    members = [_member(forum, one) for one in Audience if one in chosen]
    return is_registered() & (User.capacity != Capacity.SECRETARIAT) & or_(False, *members)


def _member(forum: Forum, audience: Audience) -> ColumnElement[bool]:
    """Whether a person with an account belongs to an audience; the silent are those of the figures."""
    invited = select(Invitee.user_id).where(Invitee.forum_id == forum.id, Invitee.role == Role.PARTICIPANT)
    in_person = User.id.in_(invited.where(Invitee.user_id.is_not(None))) | User.id.in_(approved_for(forum))
    match audience:
        case Audience.INVITED:
            states = select(Invitation.country).where(Invitation.forum_id == forum.id)
            return in_person | (User.country.in_(states) & User.capacity.in_(FOR_A_STATE))
        case Audience.CONTRIBUTORS:
            return has_written(forum)
        case Audience.SILENT:
            of_silent_state = User.country.in_(silent_states(forum)) & User.capacity.in_(FOR_A_STATE)
            return of_silent_state | (in_person & ~has_written(forum))
        case Audience.NOT_WRITTEN:
            return has_not_written(forum)


# Sending


class Recounted(ChangedMeanwhile):
    """Not as many people would get it as the preview has shown."""


@dataclass(frozen=True)
class Draft:
    """What the preview has shown. `texts` has those languages alone in which there is a text, `people` is the
    fingerprint of the numbers of recipients."""

    kind: AnnouncementKind
    audiences: Sequence[str]
    texts: Texts
    people: str


def send(forum_id: int, draft: Draft, *, key: str, version: str, viewer: User) -> int:
    """Send an announcement, and return its key; the same form sent again sends nothing.

    Raises Refused if it is not true or has no recipients, Recounted, ChangedMeanwhile, NotFound and Forbidden.
    """
    kind, audiences, texts = draft.kind, sorted(draft.audiences), draft.texts
    once = Once(key, viewer, "announce", forum_id, kind, audiences, texts)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return once.before
        # Locked, so that of two forms of the same version only one is sent.
        db.session.execute(select(Forum.id).where(Forum.id == forum_id).with_for_update(**LOCKED))
        forum, now = fetch(Forum, forum_id), utcnow()
        require_version(version, version_of(forum))
        if refused := refusal(forum, kind, now):
            raise refused
        counted = count_recipients(forum, audiences)
        if fingerprint(counted) != draft.people:
            raise Recounted
        if not counted:
            raise Refused(NO_RECIPIENTS, "audiences")
        made = Announcement(
            forum=forum,
            made_by=viewer,
            kind=kind,
            audiences=audiences,
            texts=texts,
            recipients=counted.total(),
            opens_at=forum.state(now).opens_at,
            deadline=forum.state(now).deadline,
        )
        db.session.add(made)
        db.session.flush()
        record(
            viewer,
            "announce",
            "forums",
            forum,
            changed("announcement", "", kind) + changed("recipients", 0, counted.total()),
        )
        once.made(made.id)
    return made.id


def list_announcements(forum_id: int, page: int) -> tuple[Listing, Mapping[int, Row[Any]]]:
    """A page of the announcements of a forum, the latest first, and their numbers of emails. Raises NotFound beyond the
    last page."""
    own = select(Announcement).where(Announcement.forum_id == forum_id).order_by(Announcement.id.desc())
    found = one_page(own.options(joinedload(Announcement.made_by)), page)
    return found, count_emails([row[0] for row in found.rows])


def count_emails(found: Sequence[Announcement]) -> Mapping[int, Row[Any]]:
    """Of those whose emails are not settled yet, how many were `sent` and how many `failed` so far, by key."""
    keys = [one.id for one in found if one.settled_at is None]
    counted = select(Mail.announcement_id, *COUNTS).where(Mail.announcement_id.in_(keys))
    rows: Any = db.session.execute(counted.group_by(Mail.announcement_id))
    return {row.announcement_id: row for row in rows}


def get_announcement(forum_id: int, key: int) -> Announcement:
    """One of the announcements of a forum. Raises NotFound."""
    one = fetch(Announcement, key)
    if one.forum_id != forum_id:
        raise NotFound
    return one


def latest_of(forum: Forum, kind: AnnouncementKind) -> Announcement | None:
    """The latest announcement of this kind about a forum."""
    own = select(Announcement).where(Announcement.forum_id == forum.id, Announcement.kind == kind)
    return db.session.scalar(own.order_by(Announcement.id.desc()).limit(1))


# What the worker does


def write_next(but: Collection[int] = ()) -> bool:
    """Write a batch of emails, or count those of an announcement once none is waiting; of no announcement in `but`.
    Returns whether there may be more to write. Raises NotWritten."""
    unsettled = select(Announcement.id, Announcement.written_at).where(Announcement.settled_at.is_(None))
    unsettled = unsettled.where(Announcement.id.not_in(but))
    first = db.session.execute(
        unsettled.order_by(Announcement.written_at.is_not(None), Announcement.id).limit(1)
    ).first()
    db.session.rollback()
    if first is None:
        return False
    with writing(first.id):
        if first.written_at is None:
            return _write_batch(first.id)
        _settle(first.id)
    return False


def _write_batch(key: int) -> bool:
    """False if another worker is writing it."""
    now = utcnow()
    with transaction():
        unwritten = select(Announcement).where(Announcement.id == key, Announcement.written_at.is_(None))
        one = db.session.scalar(unwritten.with_for_update(skip_locked=True, of=Announcement))
        if one is None:
            return False
        if not one.holds(now):
            one.written_at, one.stopped_at = now, one.stopped_at or now
            return True
        people = _next_people(one)
        if not people:
            one.written_at = now
        html = {code: render(text["body"], official=True) for code, text in one.texts.items()}
        emails = [person.email for person, _reason in people]
        told = select(Mail.recipient).where(Mail.announcement_id == key, Mail.recipient.in_(emails))
        known = set(db.session.scalars(told))
        for person, reason in people:
            if person.email not in known:
                _write_to(person, reason, one, html)
    return True


def _next_people(one: Announcement) -> list[tuple[Invitee | User, str]]:
    """The next ones in the order of their keys, each with the reason why they get it; none once all have been written
    to."""
    chosen = set(one.audiences)
    invitees = select(Invitee).where(_is_invitee_in(one.forum, chosen), Invitee.id > one.last_invitee_id)
    found: Sequence[Any] = db.session.scalars(invitees.order_by(Invitee.id).limit(BATCH)).all()
    if found:
        one.last_invitee_id = found[-1].id
        return [(invitee, INVITED_IN_PERSON) for invitee in found]
    belongs = [(_member(one.forum, audience), literal(audience.value)) for audience in REASONS if audience in chosen]
    audience = case(*belongs, else_=literal(Audience.NOT_WRITTEN.value))
    users = select(User, audience).where(_is_user_in(one.forum, chosen), User.id > one.last_user_id)
    found = db.session.execute(users.order_by(User.id).limit(BATCH)).all()
    if found:
        one.last_user_id = found[-1][0].id
    return [(user, REASONS[audience]) for user, audience in found]


def _write_to(person: Invitee | User, reason: str, one: Announcement, html: Mapping[str, str]) -> None:
    """In the person's language or, if there is no text in it, in the best other one, which the email says."""
    is_invitee = isinstance(person, Invitee)
    language = language_or_default(person.language)
    code = best_code(one.texts, language)
    missing, invitation = notes(language, code)
    invites = is_invitee and one.kind in INVITING
    with speaking(language):
        why = _(reason, forum=text_in(one.forum, language).title)
    mail = enqueue(
        "announcement",
        recipient=person.email,
        user_id=None if is_invitee else person.id,
        language=language.code,
        name=person.name,
        announced={**one.texts[code], "html": html[code], "language": code},
        missing=missing,
        invitation=invitation,
        sign_up=address_for(person, "auth.sign_up", invitation=tokens.make_invitation(person)) if invites else "",
        stop=address_to_decline(person) if isinstance(person, User) else "",
        settings=address_for(person, "following.account"),
        why=why,
    )
    mail.announcement_id, mail.lane, mail.kind = one.id, LANE, None if is_invitee else "announcement"


def best_code(texts: Iterable[str], language: Language) -> str:
    """Of the languages of a text the one that a reader of this language gets."""
    known = {code: code for code in texts}
    return known.get(language.code) or known.get(site_default().code) or next(iter(known))


def notes(language: Language, code: str) -> tuple[str, str]:
    """What is said to a reader of this language around a text in the language `code`: that there is none in theirs, ""
    if there is; and to people without an account, that they can sign up."""
    with speaking(language):
        missing = _("This announcement is not available in %(language)s.", language=language.name)
        invitation = _(
            "You have been invited to take part but have not signed up yet. Please sign up on this page with this "
            "email address, and confirm it:"
        )
    return "" if code == language.code else missing, invitation


def _settle(key: int) -> None:
    """Keep the counts before the emails are deleted (app/mail/worker.py). Of one that was stopped, how many it was for
    is kept as well."""
    own = Mail.announcement_id == key
    waits = select(exists().where(own, Mail.sent_at.is_(None), Mail.given_up_at.is_(None)))
    is_waiting = db.session.scalar(waits)
    db.session.rollback()
    if is_waiting:
        return
    with transaction():
        one = db.session.get(Announcement, key, with_for_update=LOCKED)
        if one is None or one.written_at is None or db.session.scalar(waits):  # changed by another worker meanwhile
            return
        one.sent, one.failed = db.session.execute(select(*COUNTS).where(own)).one()
        one.recipients = one.recipients if one.stopped_at else one.sent + one.failed
        one.settled_at = utcnow()
