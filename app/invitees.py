"""Whom the Secretariat invites to a forum: States, by name, and people, by email. The role of a person waits until they
sign up with this address.

Whoever has an account gets the role at once. If an account speaks for the same State, organization and capacity as its
invitation says, these count as confirmed by the Secretariat.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy import delete, func, select
from sqlalchemy.orm import selectinload

from app.audit import assign, changed, record
from app.auth import tokens
from app.auth.emails import address_for
from app.database import utcnow
from app.errors import NotFound, Refused
from app.extensions import db, transaction
from app.languages import language_or_default, text_in
from app.mail.outbox import enqueue
from app.mail.queries import failed_to
from app.models import Capacity, Forum, Invitation, Invitee, Mail, Message, MessageStatus, Role, User, speaks_for
from app.paging import Listing, one_page
from app.permissions import require, require_forum_takes
from app.roles import held_by, hold
from app.rows import fetch
from app.submissions import Once
from app.versions import fingerprint, require_version, version_of

SUSPENDED = _l("This account is suspended.")
HAS_ROLE = _l("This person already has this role in the forum.")
ALREADY_INVITED = _l("This person has already been invited to the forum in this role and has not signed up yet.")
HAS_SIGNED_UP = _l("This person has signed up already. Remove the role instead.")


@dataclass(frozen=True)
class Outcome:
    """How many were invited by email, got the role at once, and how many earlier invitations were changed; and why the
    others were not, by their addresses."""

    invited: int = 0
    given: int = 0
    altered: int = 0
    refused: Mapping[str, LazyString] = field(default_factory=dict)


@dataclass(frozen=True)
class Invited:
    """An invitee, the account if they have signed up, how many messages they have in the forum, and the key of a mail
    that could not be delivered to them, if there is one."""

    invitee: Invitee
    user: User | None
    messages: int
    failed_mail: int | None


def version_of_invitations(forum: Forum) -> str:
    return fingerprint(sorted(one.country for one in forum.invitations))


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


def invite(forum_id: int, people: Sequence[Mapping[str, str]], role: Role, *, key: str, viewer: User) -> Outcome | None:
    """Invite people to a forum, each a mapping of `name`, `email` (in normal form), `country`, `organization`,
    `capacity` and `language`, in one transaction with a line in the log. A person who
    was invited before gets this role too; an invitation that has not been used is changed and sent again.

    The same form sent again does nothing, and gives None. Raises NotFound, Archived and Forbidden.
    """
    once = Once(key, viewer, "invite", forum_id, role, people)
    with transaction(once=once):
        require(viewer, "administer")
        if once.before is not None:
            return None
        forum = fetch(Forum, forum_id)
        require_forum_takes("forums", forum, "settings")
        known, users = _already_there(forum_id, [person["email"] for person in people])
        refused: dict[str, LazyString] = {}
        taken: list[tuple[Invitee, User | None]] = []
        altered = 0
        for person in people:
            invitee, user = known.get(person["email"]), users.get(person["email"])
            stated = {**person, "role": role}
            if refusal := _refusal(invitee, user, stated, forum_id):
                refused[person["email"]] = refusal
                continue
            if invitee is None:
                invitee = Invitee(forum=forum)
                db.session.add(invitee)
            else:
                discard_unsent(invitee)
                stated["email"] = invitee.email
                altered += not (user and user.confirmed_at)
            assign(invitee, {**stated, "invited_by_id": viewer.id})
            taken.append((invitee, user))
        db.session.flush()
        given = 0
        for invitee, user in taken:
            if user and user.confirmed_at:
                _take_place(invitee, user, viewer)
                given += 1
            else:
                write_invitation(invitee)
        if taken:
            record(viewer, "invite", "forums", forum, changed("invitees", 0, len(taken)))
        once.made(forum_id)
        return Outcome(len(taken) - given - altered, given, altered, refused)


def _already_there(forum_id: int, emails: Sequence[str]) -> tuple[dict[str, Invitee], dict[str, User]]:
    """The invitations to a forum and the accounts of the people with these addresses; an account may have changed its
    address since it was invited."""
    invitees = db.session.scalars(select(Invitee).where(Invitee.forum_id == forum_id)).all()
    used = {invitee.user_id: invitee for invitee in invitees if invitee.user_id}
    known = {invitee.email: invitee for invitee in invitees}
    is_one = User.email.in_(emails) | User.id.in_([known[email].user_id for email in emails if email in known])
    found = db.session.scalars(select(User).where(is_one).options(selectinload(User.roles))).all()
    users = {user.email: user for user in found}
    known |= {user.email: used[user.id] for user in found if user.id in used}
    users |= {email: user for user in found for email in emails if email in known and known[email].user_id == user.id}
    return known, users


def _refusal(invitee: Invitee | None, user: User | None, stated: Mapping[str, str], forum_id: int) -> LazyString | None:
    """The reason why a person is not invited, None if they are."""
    if user and user.suspended_at:
        return SUSPENDED
    if user and user.confirmed_at:
        return HAS_ROLE if user.has_role(Role(stated["role"]), forum_id) else None
    is_same = invitee and all(getattr(invitee, name) == value for name, value in stated.items())
    return ALREADY_INVITED if is_same else None


def accept(user: User) -> None:
    """Inside the transaction that confirms the address of an account: give the roles that wait for it. An archived
    forum has no new participants."""
    waiting = select(Invitee).join(Forum).where(Invitee.email == user.email, Invitee.user_id.is_(None))
    waiting = waiting.where(Forum.archived_at.is_(None) | (Invitee.role != Role.PARTICIPANT))
    for invitee in db.session.scalars(waiting).all():
        by = db.session.get(User, invitee.invited_by_id) if invitee.invited_by_id else None
        _take_place(invitee, user, by)


def write_invitation(invitee: Invitee) -> None:
    """Email an invitation, with a link to sign up. The invitee has been flushed."""
    forum, language = invitee.forum, language_or_default(invitee.language)
    text = text_in(forum, language)
    address = address_for(invitee, "forums.forum", forum_slug=forum.slug)
    token, state = tokens.make_invitation(invitee), forum.state(utcnow())
    enqueue(
        "invited",
        recipient=invitee.email,
        language=invitee.language,
        name=invitee.name,
        role=invitee.role,
        forum=text.title if text else "",
        sign_up=address_for(invitee, "auth.sign_up", invitation=token),
        address=address if forum.published_at else "",
        opening=state.opens_at,
        deadline=None if state.has_ended else state.deadline,
        is_next=state.is_next,
    )


def get_invitee(forum_id: int, key: int) -> Invitee:
    """An invitation to a forum. Raises NotFound."""
    invitee = fetch(Invitee, key)
    if invitee.forum_id != forum_id:
        raise NotFound
    return invitee


def version_of_invitee(invitee: Invitee) -> str:
    return version_of(invitee, ("name", "email", "role", "user_id"))


def withdraw(forum_id: int, key: int, *, version: str, viewer: User) -> bool:
    """Withdraw an unused invitation, and delete its email if that has not been sent; False if the invitation no longer
    exists. `version` is the one that the page showed.

    Raises Refused once they have signed up, ChangedMeanwhile and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        there = (Invitee.id == key) & (Invitee.forum_id == forum_id)
        invitee = db.session.scalar(select(Invitee).where(there).with_for_update())
        if invitee is None:
            return False
        if invitee.user_id:
            raise Refused(HAS_SIGNED_UP)
        require_version(version, version_of_invitee(invitee))
        discard_unsent(invitee)
        record(viewer, "withdraw_invitation", "forums", invitee.forum, changed("role", invitee.role, ""))
        db.session.delete(invitee)
    return True


def discard_unsent(invitee: Invitee) -> None:
    """Delete the emails with a link to this invitation that have not been sent."""
    has_link = Mail.text.contains(_link(invitee), autoescape=True)
    db.session.execute(delete(Mail).where(Mail.recipient == invitee.email, Mail.sent_at.is_(None), has_link))


def readdress_invitation(invitee: Invitee, email: str) -> None:
    """Give an invitation another address. Its link in emails that wait (app/mail/outbox.py) is renewed, since the
    former one no longer holds."""
    former, link = invitee.email, re.compile(re.escape(_link(invitee)) + r"[\w.-]+")
    invitee.email = email
    fresh = f"invitation={tokens.make_invitation(invitee)}"
    for mail in db.session.scalars(select(Mail).where(Mail.recipient == former, Mail.sent_at.is_(None))):
        mail.text, mail.html = link.sub(fresh, mail.text), link.sub(fresh, mail.html)


def _link(invitee: Invitee) -> str:
    """What every link to this invitation contains."""
    invitation, _time, _signature = tokens.make_invitation(invitee).rsplit(".", 2)
    return f"invitation={invitation}."


def is_invited_for_secretariat(email: str) -> bool:
    """Whether an unused invitation to this address is for an officer of the Secretariat."""
    return any(invitee.capacity == Capacity.SECRETARIAT for invitee in find_invitees(email))


def list_invited(forum_id: int, page: int) -> Listing:
    """A page of those who were invited to a forum, the latest first, each `Invited`. Raises NotFound beyond the last
    page."""
    statement = select(Invitee, User).outerjoin(User, User.id == Invitee.user_id)
    found = one_page(statement.where(Invitee.forum_id == forum_id).order_by(Invitee.id.desc()), page)
    is_own = (Message.forum_id == forum_id) & (Message.status == MessageStatus.PUBLISHED) & (Message.speaker == "")
    counted = select(Message.author_id, func.count().label("messages")).where(is_own).group_by(Message.author_id)
    counted = counted.where(Message.author_id.in_([user.id for _invitee, user in found.rows if user]))
    written: dict[int, int] = {row.author_id: row.messages for row in db.session.execute(counted)}
    failed = failed_to([invitee.email for invitee, user in found.rows if user is None])
    rows = [
        Invited(invitee, user, written.get(user.id, 0) if user else 0, failed.get(invitee.email))
        for invitee, user in found.rows
    ]
    return replace(found, rows=rows)


def count_invited(forum_id: int) -> int:
    """How many people were invited to a forum by email."""
    return db.session.scalar(select(func.count(Invitee.id)).where(Invitee.forum_id == forum_id)) or 0


def find_invitees(email: str) -> Sequence[Invitee]:
    """The invitations to an address with which no one has signed up yet."""
    waiting: Any = Invitee.user_id.is_(None)
    return db.session.scalars(select(Invitee).where(Invitee.email == email, waiting)).all()


def _take_place(invitee: Invitee, user: User, by: User | None) -> None:
    """Tie an invitation to an account, with the role, and confirm for whom it speaks if both say the same."""
    invitee.user_id = user.id
    role = Role(invitee.role)
    held = held_by(user, role)
    hold(user, role, {**held, invitee.forum_id: held.get(invitee.forum_id, "")}, viewer=by)
    if speaks_for(user) == speaks_for(invitee) and not user.profile_confirmed_at:
        user.profile_confirmed_at = utcnow()
        record(by, "edit", "users", user, changed("is_profile_confirmed", False, True), forum_id=invitee.forum_id)
