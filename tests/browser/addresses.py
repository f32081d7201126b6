"""The pages that are looked at from every side: each kind at least once, with the richest sample there is of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from app.admin.log_actions import changed, record
from app.extensions import db, transaction
from app.models import (
    Act,
    ActKind,
    Document,
    Forum,
    ForumRole,
    Group,
    LogEntry,
    Message,
    MessageStatus,
    Notice,
    Period,
    PeriodKind,
    Question,
    Topic,
    User,
)
from app.moderation.recording import record as record_act
from app.sample.people import address

LANGUAGES = ("en", "es", "fr")
OLD, OPEN = "strategic-approaches-2012", "biosafety-in-national-planning"
PARTICIPANT = "torova"
OWN_PAGES = ("profile", "language", "password", "email", "second-step", "data", "delete")


@dataclass(frozen=True)
class Shown:
    """A page as one kind of person sees it; `path` is what follows the language in its address."""

    who: str
    path: str
    status: int = 200

    def address(self, language: str) -> str:
        return f"/{language}{self.path}"

    @property
    def is_print(self) -> bool:
        return self.path.startswith("/print/")


def all_pages() -> list[Shown]:
    """Every kind of page of the sample site. Needs an application context."""
    visitor = [*_site(), *_forums(), *_messages(), *_prints(), *_accounts()]
    administration = [Shown("administrator", path) for path in (f"/figures/forums/{OPEN}/", *_administration())]
    moderation = [Shown("moderator", path) for path in _moderation()]
    shown = [Shown("visitor", path) for path in visitor]
    return [*shown, *_errors(), *_participants_own(), *moderation, *administration]


def leave_a_trace() -> None:
    """An entry and an act of moderation for the log, which begins empty."""
    with transaction():
        forum = db.session.scalars(select(Forum).where(Forum.slug == OPEN)).one()
        administrator = db.session.scalars(select(User).where(User.is_admin)).first()
        changes = changed("title", "An earlier title", forum.texts["en"].title, "en")
        record(administrator, "edit", "forums", forum, changes)
        topic = db.session.get_one(Topic, topic_that_takes_more())
        record_act(ActKind.PIN, by=administrator, forum=forum, reason={"en": "For all to see"}, topic=topic)


def longest_topic() -> int:
    """The id of the topic with the most messages."""
    return _first(select(Topic.id).order_by(Topic.message_count.desc()))


def topic_that_takes_more() -> int:
    """The id of a topic to write in, the same at all times."""
    return _first(_in_open_group(Topic.id).order_by(Topic.id))


def _site() -> list[str]:
    return ["/", "/pages/participation/", "/pages/about/", "/portal/", "/archive/"]


def _forums() -> list[str]:
    paths = [f"/forums/{slug}/{rest}" for slug in (OLD, OPEN) for rest in ("", "groups/", "groups/group-1/")]
    return [*paths, f"/forums/{OLD}/pages/purpose-and-scope/"]


def _messages() -> list[str]:
    """The longest topic has nearly all that a message can have, a withdrawn one among them."""
    longest = longest_topic()
    old = _first(select(Topic.id).join(Group).join(Forum).where(Forum.slug == OLD))
    published = select(Message.id).where(Message.status == MessageStatus.PUBLISHED).order_by(Message.id)
    edited = _first(published.where(Message.edited_at.is_not(None)))
    assert _first(select(Message.id).where(Message.topic_id == longest, Message.status == MessageStatus.WITHDRAWN))
    return [f"/topics/{longest}/", f"/topics/{longest}/?page=2", f"/topics/{old}/", f"/messages/{edited}/history/"]


def _prints() -> list[str]:
    message = _first(select(Message.id).where(Message.reply_to_id.is_not(None)))
    return [
        "/print/pages/portal/",
        f"/print/forums/{OLD}/",
        f"/print/forums/{OPEN}/",
        f"/print/forums/{OLD}/pages/purpose-and-scope/",
        f"/print/forums/{OPEN}/groups/group-3/",
        f"/print/topics/{longest_topic()}/",
        f"/print/messages/{message}/",
    ]


def _accounts() -> list[str]:
    return [f"/auth/{name}/" for name in ("sign-up", "sign-in", "check-mail", "confirm", "forgot", "deleted")]


def _errors() -> list[Shown]:
    return [
        Shown("visitor", "/nowhere/", 404),
        Shown("visitor", "/auth/confirm/worn-out/", 410),
        Shown("participant", "/admin/", 403),
    ]


def _participants_own() -> list[Shown]:
    """What somebody sees who has written in a topic."""
    written = _in_open_group(Message.id).join(Message, Message.topic_id == Topic.id).order_by(Message.id)
    own = _first(written.join(User, User.id == Message.author_id).where(User.email == address(PARTICIPANT)))
    topic = _first(select(Message.topic_id).where(Message.id == own))
    answered = _first(select(Message.id).where(Message.topic_id == topic).order_by(Message.id))
    paths = [
        f"/forums/{OPEN}/",
        f"/forums/{OPEN}/groups/group-1/",
        f"/forums/{OPEN}/groups/group-1/new/?question=1",
        f"/topics/{topic}/",
        f"/topics/{topic}/reply/",
        f"/topics/{topic}/reply/?to={answered}&quote=1",
        f"/messages/{own}/edit/",
        f"/messages/{own}/withdraw/",
        "/account/",
        *(f"/account/{name}/" for name in OWN_PAGES),
    ]
    return [Shown("participant", path) for path in paths]


def _moderation() -> list[str]:
    """Each act with whatever its form can ask for, in a topic of several pages."""
    topic = longest_topic()
    acts = ("", "lock/", "retitle/", "refile/", "move/", "split/?page=2", "merge/")
    return [*(f"/moderation/topics/{topic}/{act}" for act in acts), f"/topics/{topic}/", f"/topics/{topic}/reply/"]


def _administration() -> list[str]:
    forum = _first(select(Forum.id).where(Forum.slug == OPEN))
    group = _first(select(Group.id).where(Group.forum_id == forum))
    question = _first(select(Question.id).where(Question.group_id == group))
    notice = _first(select(Notice.id).where(Notice.forum_id == forum))
    document = _first(select(Document.id).where(Document.forum_id == forum))
    period = _first(select(Period.id).where(Period.forum_id == forum, Period.kind == PeriodKind.EXTENSION))
    user, entry, act = _first(select(User.id)), _first(select(LogEntry.id)), _first(select(Act.id))
    moderator = _first(select(ForumRole.user_id).where(ForumRole.forum_id == forum))
    paths = [
        "",
        "forums/",
        f"forums/{forum}/",
        "forums/new/",
        f"forums/{forum}/edit/",
        f"forums/{forum}/close/",
        f"forums/{forum}/invitations/",
        f"forums/{forum}/roles/",
        f"forums/{forum}/roles/{moderator}/moderator/end/",
        f"forums/{forum}/periods/extension/",
        f"periods/{period}/edit/",
        f"groups/{group}/",
        f"groups/{group}/edit/",
        f"questions/{question}/edit/",
        f"notices/{notice}/edit/",
        f"documents/{document}/edit/",
        "pages/",
        "pages/1/edit/",
        "users/",
        f"users/{user}/",
        *(f"users/{user}/{step}/" for step in ("suspend", "reinstate", "delete")),
        "log/",
        f"log/{entry}/",
        f"log/acts/{act}/",
    ]
    return [f"/admin/{path}" for path in paths]


def _in_open_group(column: Any) -> Select[Any]:
    """Of the topics of a group that follows the periods of its forum, which is open."""
    return select(column).select_from(Topic).join(Group).join(Forum).where(Forum.slug == OPEN, Group.slug == "group-1")


def _first(statement: Select[Any]) -> int:
    found = db.session.scalar(statement.limit(1))
    assert found is not None, f"The sample has nothing for {statement}"
    number: int = found
    return number
