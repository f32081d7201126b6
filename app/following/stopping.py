"""The links in emails that stop them: signed, and valid as long as there is something to stop.

Anyone who has the email can stop these emails and receive them again without signing in. The link allows nothing else.
"""

import re
from typing import NamedTuple

from flask import current_app
from itsdangerous import BadSignature, Signer

from app.addresses import absolute, link_in
from app.errors import NotFound, StopExpired
from app.extensions import db
from app.following.queries import ANNOUNCEMENTS, ANSWERS, KINDS, Named, Way, find_follow, get_thing, named, standing
from app.languages import language_or_default
from app.models import How, User

DIGEST = "digest"
LETTERS = {kind[0]: kind for kind in (*KINDS, ANSWERS, DIGEST, ANNOUNCEMENTS)}
TOKEN = re.compile(r"([0-9]{1,10})([a-z])([0-9]{1,10})([de])")  # short, so that no mail program breaks the address


class Stop(NamedTuple):
    """What a link stops: what the person follows, and how, the whole digest, or announcements."""

    user_id: int
    kind: str
    key: int
    how: str


def address_to_stop(user: User, way: Way) -> str:
    """The address of the page that stops it, in the person's language."""
    token = _signer().sign(f"{user.id}{way.kind[0]}{way.key}{way.how[0]}").decode()
    return absolute(link_in(language_or_default(user.language).code, "following.stop", token=token))


def address_to_decline(user: User) -> str:
    """The address of the page that stops announcements."""
    return address_to_stop(user, Way(ANNOUNCEMENTS, 0, How.EACH))


def redeem(token: str) -> tuple[Stop, Named | None]:
    """What a link stops; with its name, if it is one thing that its follower may see. Raises StopExpired."""
    try:
        found = TOKEN.fullmatch(_signer().unsign(token).decode())
    except (BadSignature, UnicodeError):
        found = None
    if found is None:
        raise StopExpired
    user_id, letter, key, how = found.groups()
    kind = LETTERS[letter]
    stop = Stop(int(user_id), kind, standing(kind, int(key)), How.EACH if how == "e" else How.DIGEST)
    user = db.session.get(User, stop.user_id)
    if user is None or user.former_number:
        raise StopExpired
    if stop.kind not in KINDS:
        return stop, None
    try:
        return stop, named(stop.kind, get_thing(stop.kind, stop.key, user))
    except NotFound:  # its follower may no longer see it
        return stop, None


def is_stopped(stop: Stop) -> bool:
    """Whether it no longer sends anything."""
    user = db.session.get_one(User, stop.user_id)
    if stop.kind == DIGEST:
        return user.digest_stopped
    if stop.kind == ANNOUNCEMENTS:
        return not user.mail_announcements
    if stop.kind == ANSWERS:
        return user.mail_answers == How.NONE
    return find_follow(stop.kind, standing(stop.kind, stop.key), user) is None


def _signer() -> Signer:
    return Signer(current_app.secret_key or "", salt="plenary.stop")
