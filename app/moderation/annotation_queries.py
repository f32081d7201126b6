"""What the pages for summaries and follow-up show: what each is about, and the contributions below it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.database import in_parts
from app.errors import NotFound
from app.extensions import db
from app.forums.queries import get_message
from app.models import (
    Annotation,
    AnnotationKind,
    AnnotationText,
    Forum,
    Group,
    Message,
    MessageStatus,
    Question,
    Topic,
    User,
)
from app.permissions import FORUM_IS_VISIBLE, require, visible_to
from app.phrases import numbers_in
from app.rows import fetch
from app.versions import fingerprint

LONGEST_BEGINNING = 160
MOST_NUMBERS = 5_000  # in all summaries of a forum
# What each kind can be about, by the names in addresses.
ABOUT: dict[str, dict[str, type[Any]]] = {
    AnnotationKind.SUMMARY: {"forums": Forum, "groups": Group, "questions": Question},
    AnnotationKind.FOLLOW_UP: {"forums": Forum, "questions": Question, "messages": Message},
}


@dataclass(frozen=True)
class Subject:
    """What a summary or follow-up is about: a forum, a group, a question or a message."""

    kind: str
    thing: Any
    forum: Forum

    @property
    def columns(self) -> dict[str, int | None]:
        """The columns of its row in `annotation`."""
        keys = {name: self.thing.id for name, model in _COLUMNS.items() if isinstance(self.thing, model)}
        return {"forum_id": self.forum.id, "kind": self.kind, **dict.fromkeys(_COLUMNS), **keys}

    @property
    def group(self) -> Group | None:
        """The group in which it stands, None for a whole forum."""
        if isinstance(self.thing, Message):
            return self.thing.topic.group
        found: Group | None = self.thing if isinstance(self.thing, Group) else getattr(self.thing, "group", None)
        return found


_COLUMNS: dict[str, type[Any]] = {"group_id": Group, "question_id": Question, "message_id": Message}


def get_subject(kind: str, about: str, key: int, *, viewer: User) -> Subject:
    """What the viewer may write about. Raises NotFound and Forbidden."""
    model = ABOUT[kind].get(about)
    if model is None:
        raise NotFound
    if model is Message:
        message = get_message(key, viewer=viewer)
        require(viewer, "follow_up", message)
        return Subject(kind, message, message.topic.group.forum)
    thing = fetch(model, key)
    forum = thing if isinstance(thing, Forum) else thing.forum if isinstance(thing, Group) else thing.group.forum
    if not db.session.scalar(select(Forum.id).where(Forum.id == forum.id, FORUM_IS_VISIBLE), visible_to(viewer)):
        raise NotFound
    require(viewer, "annotate", forum)
    return Subject(kind, thing, forum)


def messages_by_key(keys: Collection[int]) -> list[Message]:
    """With all that decides who may write what became of them."""
    found = select(Message).options(joinedload(Message.topic).joinedload(Topic.group).joinedload(Group.forum))
    return [one for part in in_parts(keys) for one in db.session.scalars(found.where(Message.id.in_(part)))]


def find_annotation(subject: Subject) -> Annotation | None:
    """The row about this, which has no text once it was deleted."""
    return db.session.scalar(select(Annotation).filter_by(**subject.columns))


def version_of(found: Annotation | None) -> str:
    """The version that a form shows, also of what is not written yet."""
    texts = found.texts.items() if found else ()
    return fingerprint(sorted((code, text.body, text.url, text.outdated_since) for code, text in texts))


@dataclass(frozen=True, slots=True)
class Contribution:
    """A published message as a summary may cite it, with how it begins."""

    id: int
    name: str
    former_number: int | None
    language: str
    beginning: str
    is_cited: bool


def list_contributions(subject: Subject) -> list[Contribution]:
    """The published messages below what a summary is about, by number, and whether any summary of the forum cites
    each; for a follow-up none."""
    if subject.kind != AnnotationKind.SUMMARY:
        return []
    cited = _cited_in(subject.forum)
    rows: Sequence[Any] = db.session.execute(_MESSAGES.where(_is_below(subject))).all()
    return [
        Contribution(
            row.id,
            row.speaker or row.name,
            None if row.speaker else row.former_number,
            row.language,
            _shortened(row.beginning),
            row.id in cited,
        )
        for row in rows
    ]


def _shortened(beginning: str) -> str:
    words = " ".join(beginning.split())
    return words if len(beginning) < LONGEST_BEGINNING else f"{words.rsplit(' ', 1)[0]}…"


def _cited_in(forum: Forum) -> set[int]:
    bodies = select(AnnotationText.body).join(Annotation, Annotation.id == AnnotationText.annotation_id)
    bodies = bodies.where(Annotation.forum_id == forum.id, Annotation.kind == AnnotationKind.SUMMARY)
    return numbers_in("\n".join(db.session.scalars(bodies)), MOST_NUMBERS)


def _is_below(subject: Subject) -> Any:
    if isinstance(subject.thing, Question):
        return Topic.question_id == subject.thing.id
    return (
        Topic.group_id == subject.thing.id if isinstance(subject.thing, Group) else Message.forum_id == subject.forum.id
    )


_MESSAGES = (
    select(
        Message.id,
        Message.speaker,
        User.name,
        User.former_number,
        Message.language,
        func.substr(Message.body, 1, LONGEST_BEGINNING).label("beginning"),
    )
    .join(User, User.id == Message.author_id)
    .join(Topic, Topic.id == Message.topic_id)
    .where(Message.status == MessageStatus.PUBLISHED)
    .order_by(Message.id)
)
