"""The pages that are looked at from every side: each kind at least once, with the richest sample there is of it."""

from dataclasses import dataclass
from itertools import cycle
from typing import Any

from sqlalchemy import Select, select

from app.audit import changed, record
from app.database import utcnow
from app.extensions import db, transaction
from app.markup import render
from app.models import (
    Act,
    ActKind,
    Attachment,
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
    Report,
    Topic,
    User,
)
from app.sample.people import address
from app.writing import record_act

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
        return self.path.startswith("/print/") and not self.path.endswith("/download/")


def in_turn(pages: list[Shown]) -> list[tuple[str, Shown]]:
    """Each page in one language, all languages in turn, for what does not depend on the words of a page."""
    return list(zip(cycle(LANGUAGES), pages, strict=False))


def all_pages() -> list[Shown]:
    """Every kind of page of the sample site. Needs an application context."""
    visitor = [*_site(), *_forums(), *_messages(), *_prints(), *_accounts()]
    administration = [Shown("administrator", path) for path in (f"/figures/forums/{OPEN}/", *_administration())]
    moderation = [Shown("moderator", path) for path in (*_moderation(), *_topic_moderation())]
    shown = [Shown("visitor", path) for path in visitor]
    return [*shown, *_errors(), *_participants_own(), *moderation, *administration]


def leave_a_trace() -> None:
    """An entry and an act of moderation for the log, which begins empty, and work for moderators, which the sample
    has not."""
    with transaction():
        _leave_work_for_moderators()
        forum = db.session.scalars(select(Forum).where(Forum.slug == OPEN)).one()
        administrator = db.session.scalars(select(User).where(User.is_admin)).first()
        changes = changed("title", "An earlier title", forum.texts["en"].title, "en")
        record(administrator, "edit", "forums", forum, changes)
        topic = db.session.get_one(Topic, topic_that_takes_more())
        record_act(ActKind.PIN, by=administrator, forum=forum, reason={"en": "For all to see"}, topic=topic)


def _leave_work_for_moderators() -> None:
    """A message that is reported, one that waits, and one that is returned to the participant."""
    participant = db.session.scalars(select(User).where(User.email == address(PARTICIPANT))).one()
    topic = db.session.get_one(Topic, topic_that_takes_more())
    answered = db.session.scalars(select(Message).filter_by(topic_id=topic.id, position=1)).one()
    db.session.add(Report(message=answered, reporter=participant, reason="Not about the subject of this group"))
    for returned_at in (None, utcnow()):
        waiting = Message(
            topic=topic,
            author=participant,
            reply_to=answered,
            status=MessageStatus.PENDING,
            language="es",
            body="Un texto *breve*.",
            html=render("Un texto *breve*."),
            capacity=participant.capacity,
            organization=participant.organization,
            country=participant.country,
            returned_at=returned_at,
        )
        db.session.add(waiting)
    db.session.flush()
    moderator = db.session.scalars(select(User).where(User.email == address("moderator"))).one()
    reason = {"en": "Please name your source"}
    act = Act(kind=ActKind.RETURN, forum_id=topic.group.forum_id, user=moderator, message=waiting, reason=reason)
    db.session.add(act)


def longest_topic() -> int:
    """The id of the topic with the most messages."""
    return _first(select(Topic.id).order_by(Topic.message_count.desc()))


def topic_that_takes_more() -> int:
    """The id of a topic to write in, the same at all times."""
    return _first(_in_open_group(Topic.id).order_by(Topic.id))


def message_with_file() -> int:
    """The number of the participant's message that has a file."""
    return _first(select(Attachment.message_id).where(Attachment.message_id.is_not(None)))


def _site() -> list[str]:
    return ["/", "/pages/participation/", "/pages/about/", "/portal/", "/archive/"]


def _forums() -> list[str]:
    paths = [f"/forums/{slug}/{rest}" for slug in (OLD, OPEN) for rest in ("", "groups/", "groups/group-1/")]
    return [*paths, f"/forums/{OLD}/pages/purpose-and-scope/", *(f"/forums/{slug}/record/" for slug in (OLD, OPEN))]


def _messages() -> list[str]:
    """The longest topic has nearly all that a message can have, a withdrawn one among them."""
    longest = longest_topic()
    published = select(Message.id).where(Message.status == MessageStatus.PUBLISHED).order_by(Message.id)
    edited = _first(published.where(Message.edited_at.is_not(None)))
    assert _first(select(Message.id).where(Message.topic_id == longest, Message.status == MessageStatus.WITHDRAWN))
    histories = [f"/messages/{number}/history/" for number in (edited, message_with_file())]
    messages = [f"/messages/{edited}/", *histories]
    return [f"/topics/{longest}/", f"/topics/{longest}/?page=2", *messages]


def _prints() -> list[str]:
    message = _first(select(Message.id).where(Message.reply_to_id.is_not(None)))
    return [
        "/print/pages/portal/",
        f"/print/forums/{OLD}/",
        f"/print/forums/{OPEN}/",
        f"/print/forums/{OLD}/pages/purpose-and-scope/",
        f"/print/forums/{OPEN}/groups/group-3/",
        f"/print/forums/{OPEN}/record/",
        f"/print/forums/{OPEN}/download/",
        f"/print/forums/{OPEN}/?question=1.1&language=fr",
        f"/print/topics/{longest_topic()}/",
        f"/print/messages/{message}/",
    ]


def _accounts() -> list[str]:
    return [f"/auth/{name}/" for name in ("sign-up", "sign-in", "check-mail", "confirm", "forgot", "deleted")]


def _errors() -> list[Shown]:
    return [
        Shown("visitor", "/nowhere/", 404),
        Shown("visitor", "/auth/confirm/worn-out/", 410),
        Shown("visitor", f"/print/forums/{OPEN}/?since=2026-12-31&until=2026-01-01", 422),
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
        f"/messages/{message_with_file()}/edit/",
        f"/messages/{own}/withdraw/",
        f"/messages/{_first(_in_status(MessageStatus.PENDING).where(Message.returned_at.is_not(None)))}/edit/",
        f"/messages/{_first(_in_status(MessageStatus.WITHHELD))}/",
        f"/messages/{answered}/report/",
        "/account/",
        *(f"/account/{name}/" for name in OWN_PAGES),
    ]
    return [Shown("participant", path) for path in paths]


def _topic_moderation() -> list[str]:
    """Each act with whatever its form can ask for, in a topic of several pages."""
    topic = longest_topic()
    acts = ("", "lock/", "retitle/", "refile/", "move/", "split/?page=2", "merge/")
    return [*(f"/moderation/topics/{topic}/{act}" for act in acts), f"/topics/{topic}/", f"/topics/{topic}/reply/"]


def _administration() -> list[str]:
    forum = _first(select(Forum.id).where(Forum.slug == OPEN))
    group = _first(select(Group.id).where(Group.forum_id == forum))
    question = _first(select(Question.id).where(Question.group_id == group))
    notice = _first(select(Notice.id).where(Notice.forum_id == forum))
    document = _first(select(Attachment.document_id).join(Document))
    period = _first(select(Period.id).where(Period.forum_id == forum, Period.kind == PeriodKind.EXTENSION))
    user, entry, act = _first(select(User.id)), _first(select(LogEntry.id)), _first(select(Act.id))
    moderator = _first(select(ForumRole.user_id).where(ForumRole.forum_id == forum))
    paths = [
        "",
        "forums/",
        f"forums/{forum}/",
        "forums/new/",
        f"forums/{forum}/edit/",
        f"forums/{forum}/settings/",
        f"forums/{forum}/groups/",
        f"forums/{forum}/close/",
        f"forums/{forum}/invitations/",
        f"forums/{forum}/roles/",
        f"forums/{forum}/roles/{moderator}/moderator/end/",
        f"forums/{forum}/periods/extension/",
        f"periods/{period}/edit/",
        f"groups/{group}/close/",
        f"groups/{group}/edit/",
        f"questions/{question}/edit/",
        f"notices/{notice}/edit/",
        f"documents/{document}/edit/",
        "site/",
        "texts/",
        "pages/1/edit/",
        "people/",
        f"people/{user}/",
        *(f"people/{user}/{step}/" for step in ("suspend", "reinstate", "delete")),
        "log/",
        f"log/{entry}/",
        f"log/acts/{act}/",
    ]
    return [f"/translate/groups/{group}/fr/", *(f"/admin/{path}" for path in paths)]


def _moderation() -> list[str]:
    numbers = [_first(_in_status(status)) for status in (MessageStatus.PENDING, MessageStatus.WITHHELD)]
    numbers += [_first(select(Report.message_id))]
    return ["/moderation/", *(f"/moderation/messages/{number}/" for number in numbers)]


def _in_status(status: MessageStatus) -> Select[Any]:
    return select(Message.id).where(Message.status == status).order_by(Message.id)


def _in_open_group(column: Any) -> Select[Any]:
    """Of the topics of a group that follows the periods of its forum, which is open."""
    return select(column).select_from(Topic).join(Group).join(Forum).where(Forum.slug == OPEN, Group.slug == "group-1")


def _first(statement: Select[Any]) -> int:
    found = db.session.scalar(statement.limit(1))
    assert found is not None, f"The sample has nothing for {statement}"
    number: int = found
    return number
