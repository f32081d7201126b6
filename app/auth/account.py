"""Making an account, and changing its password, profile and rights. Each action is one transaction, emails included.

Passwords are hashed and checked before the transaction begins, since that is slow and a writer keeps others waiting;
inside it, `require_unchanged` only checks that the password is still the same."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.audit import assign, record
from app.auth import sign_in, tokens
from app.auth.emails import RESET, address_for, find_by_email, may_email, write_no_account, write_to
from app.auth.passwords import UNUSABLE, hash_password, is_right
from app.auth.sign_up import forget
from app.database import LOCKED, utcnow
from app.errors import AddressTaken, LastAdministrator, NotFound, Refused, WrongPassword
from app.extensions import db, transaction
from app.invitees import accept
from app.languages import site_default
from app.models import Capacity, EmailChange, Forum, Role, User, speaks_for
from app.permissions import count_other_administrators, require
from app.roles import held_by, hold
from app.rows import fetch
from app.versions import require_version, version_of

ADMINISTERED = ("name", "title", "organization", "country", "capacity", "is_profile_confirmed", "language", "is_admin")
IS_ARCHIVED = _l("This forum is archived and accepts no more messages, so no one can be approved for it.")
UNKNOWN_FORUM = _l("Please select from the forums listed.")


def create_confirmed(profile: dict[str, Any], *, email: str, password: str) -> None:
    """Make a confirmed account from the command line, with a line in the log. Raises AddressTaken."""
    password_hash = hash_password(password)
    with transaction():
        if find_by_email(email) is not None:
            raise AddressTaken
        user = User(email=email, password_hash=password_hash, confirmed_at=utcnow())
        changes = assign(user, profile)
        db.session.add(user)
        forget(email)
        db.session.flush()
        accept(user)
        record(None, "create", "users", user, changes)


def ask_for_reset(email: str, *, language: str) -> None:
    """Email a link to choose a new password, or, to an address without an account, that there is none.

    Nothing is sent past the limit: earlier links remain valid until one of them is used.
    """
    if not may_email(RESET, email):
        return
    with transaction():
        user = find_by_email(email)
        if user is None:
            write_no_account(email, language)
        else:
            address = address_for(user, "auth.reset", token=tokens.make(tokens.RESET, user))
            write_to(user, "reset", address=address, moment=utcnow() + tokens.RESET.life)


def reset_password(token: str, password: str) -> None:
    """Set a new password, which also confirms the address, and end every sign-in. Raises ResetExpired."""
    password_hash = hash_password(password)
    with transaction():
        user = tokens.redeem(tokens.RESET, token, for_update=True)
        user.confirmed_at = user.confirmed_at or utcnow()
        forget(user.email)
        accept(user)
        _set_password(user, password_hash)


def change_password(user: User, *, current: str, new: str) -> None:
    """Set a new password and end every other sign-in. Raises WrongPassword."""
    verified = check_password(user, current)
    password_hash = hash_password(new)
    with transaction():
        require_unchanged(user, verified)
        _set_password(user, password_hash)


def change_profile(user: User, profile: dict[str, Any], *, version: str) -> None:
    """Change these columns; `version` is the one that the form showed. Raises ChangedMeanwhile.

    Messages keep the capacity and the organization with which they were posted. Those who change on whose behalf they
    speak are no longer confirmed by the Secretariat.
    """
    with transaction():
        db.session.refresh(user, with_for_update=LOCKED)
        require(user, "change_account")
        changes = {name: value for name, value in profile.items() if getattr(user, name) != value}
        require_version(version, version_of(user, profile), changes=changes)
        before = speaks_for(user)
        for name, value in changes.items():
            setattr(user, name, value)
        if speaks_for(user) != before:
            user.is_profile_confirmed = False


def change_profile_and_rights(
    user_id: int, profile: Mapping[str, Any], roles: Mapping[Role, Mapping[int, str]], *, version: str, viewer: User
) -> int:
    """Change a person's profile and rights, and return the key.

    `roles` are the forums in which each is held, by key, with the languages that it covers ("" for all); `version`
    is the one that the form showed. Raises Refused where no administrator would be left and where a forum
    does not exist, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        require(viewer, "administer")
        user = get_person(user_id)
        if user.is_admin and not profile["is_admin"] and not count_other_administrators(user):
            raise LastAdministrator("is_admin")
        present = version_of_user(user)
        changes = assign(user, profile)
        if changes:
            record(viewer, "edit", "users", user, changes)
        archived = {key: at is not None for key, at in db.session.execute(select(Forum.id, Forum.archived_at))}
        for role, wanted in roles.items():
            if wanted.keys() - archived:
                raise Refused(UNKNOWN_FORUM, role)
            if role == Role.PARTICIPANT and any(archived[key] for key in wanted.keys() - held_by(user, role)):
                raise Refused(IS_ARCHIVED, role)
            hold(user, role, wanted, viewer=viewer)
        require_version(version, present, changes=version_of_user(user) != present)
    return user_id


def without_account(name: str, *, title: str = "", capacity: Capacity = Capacity.EXPERT) -> User:
    """A new row for a person who has a name but no account, so cannot sign in or receive email."""
    email = f"without-account-{secrets.token_hex(8)}"
    about = {"name": name, "title": title, "capacity": capacity, "language": site_default().code}
    return User(email=email, password_hash=UNUSABLE, **about)


def get_person(user_id: int) -> User:
    """Someone who has an account. Raises NotFound, also for a former participant, of whom nothing is left."""
    user = fetch(User, user_id)
    if not user.has_account:
        raise NotFound
    return user


def version_of_user(user: User) -> str:
    """The version of a person's profile, rights and roles."""
    return version_of(user, ADMINISTERED, sorted((held.role, held.forum_id, held.languages) for held in user.roles))


def require_other(user: User, viewer: User, refusal: object) -> None:
    """Administrators cannot shut themselves out here, and at least one remains."""
    if user.id == viewer.id:
        raise Refused(refusal)
    if user.is_admin and not count_other_administrators(user):
        raise LastAdministrator


def check_password(user: User, password: str) -> str:
    """The hash against which the password was checked, for `require_unchanged`. Raises WrongPassword."""
    verified = user.password_hash
    if not is_right(verified, password):
        raise WrongPassword
    return verified


def require_unchanged(user: User, verified: str) -> None:
    """Inside the transaction: check that the password is still the one that was checked. Raises WrongPassword."""
    db.session.refresh(user, with_for_update=LOCKED)
    if user.password_hash != verified:
        raise WrongPassword


def _set_password(user: User, password_hash: str) -> None:
    """The new hash invalidates earlier links, and a pending change of address is deleted. The sign-in of this request,
    if there is one, continues; the second step remains."""
    user.password_hash = password_hash
    db.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
    sign_in.end_others(user, user.session_token)
    write_to(user, "password_changed", moment=utcnow(), forgot=address_for(user, "auth.forgot"))
