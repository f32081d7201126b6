"""What a topic's pages show.

Readers open topics more than anything else, so these statements are built once and select columns, not entities.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, case, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app.attachments.queries import files_of_messages
from app.database import in_parts
from app.errors import NoSuchMessage, NotFound
from app.extensions import read
from app.forums.annotation_queries import follow_ups
from app.labels import person_name
from app.models import (
    Act,
    ActKind,
    Annotation,
    AnnotationKind,
    ChangeKind,
    Document,
    DocumentText,
    Forum,
    ForumText,
    Group,
    GroupText,
    Message,
    MessageStatus,
    OfficialChange,
    Period,
    Question,
    QuestionText,
    Report,
    State,
    Topic,
    User,
    Viewer,
)
from app.models.forum import DocumentKind
from app.permissions import MESSAGE_IS_VISIBLE, TOPIC_IS_VISIBLE, PostingContext, visible_to

PER_PAGE = Message.PER_PAGE
WHOLE = 10**9
# A withdrawn or withheld message keeps its place without its text and its files.
READABLE = (MessageStatus.PUBLISHED, MessageStatus.PENDING)


class ShownMessage(NamedTuple):
    """A message as every view shows it, on screen, on paper and in feeds: a row of MESSAGE_COLUMNS, and what belongs to
    it.

    `html` is "" if its text can no longer be read, and then it has no `files` either. `name`, `title` and
    `former_number` are its author's; `answers` are the numbers of the published messages that answer it, and
    `follow_up` tells what became of it.
    """

    id: int
    topic_id: int
    position: int | None
    status: str
    returned_at: datetime | None
    language: str
    html: str
    name: str
    title: str
    former_number: int | None
    author_id: int
    organization: str
    capacity: str
    country: str
    confirmed: bool
    on_behalf_of: str
    speaker: str
    reply_to_id: int | None
    posted_at: datetime
    published_at: datetime | None
    after_deadline: bool
    received_on: date | None
    edited_at: datetime | None
    corrected_at: datetime | None
    withdrawn_at: datetime | None
    withheld_at: datetime | None
    withheld_for: Mapping[str, str] | None
    follow_up_id: int | None
    follow_up: Annotation | None
    answers: Sequence[int]
    files: Sequence[Any]

    @property
    def author(self) -> str:
        """Who typed it, with their title."""
        return person_name(self) if self.former_number else f"{self.title} {self.name}".strip()

    @property
    def is_published_late(self) -> bool:
        """Whether it waited for approval so long that readers are told."""
        return self.published_at is not None and self.published_at - self.posted_at >= Message.LATE

    @property
    def is_taken_back(self) -> bool:
        """Whether its author withdrew it or the Secretariat withheld it."""
        return self.withdrawn_at is not None or self.withheld_at is not None


@dataclass(frozen=True, slots=True)
class TopicPage:
    """One page of a topic: its head, what decides on posting in it, and its messages.

    `waiting` are the messages without a place yet that this viewer may see, the same on each page; `outcomes` are the
    outcomes of the forum, once the group has ended.
    """

    head: Row[Any]
    posting: PostingContext
    messages: Sequence[ShownMessage]
    waiting: Sequence[ShownMessage]
    page: int
    pages: int
    outcomes: Sequence[Any]

    @property
    def state(self) -> State:
        """The state of the topic's group."""
        return self.posting.state

    @property
    def numbers(self) -> set[int]:
        return {message.id for message in (*self.messages, *self.waiting)}


def get_topic_page(
    topic_id: int, page: int | None, *, viewer: Viewer, language: str, default: str, now: datetime
) -> TopicPage:
    """One page of a topic, or with `page=None` all of it.

    Raises NotFound for a topic that the viewer may not see and for a page beyond the last.
    """
    head = get_topic_head(topic_id, viewer=viewer, language=language, default=default)
    pages = max(page_of(head.last_position), 1)
    if page is not None and page > pages:
        raise NotFound
    first, last = (1, WHOLE) if page is None else ((page - 1) * PER_PAGE + 1, page * PER_PAGE)
    span = {"topic_id": topic_id, "first": first, "last": last}
    messages = read_messages(MESSAGES, span)
    asked = {"topic_id": topic_id} | visible_to(viewer)
    waiting = read_messages(WAITING, asked) if viewer.is_authenticated else ()
    posting = _posting(head, now)
    sought = {"forum_id": head.forum_id, "language": language, "default_language": default}
    outcomes = read(OUTCOMES, sought).all() if posting.state.has_ended else ()
    return TopicPage(head, posting, messages, waiting, page or 1, pages, outcomes)


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One message, with the head of its topic and what decides on posting there."""

    head: Row[Any]
    posting: PostingContext
    message: ShownMessage

    @property
    def numbers(self) -> set[int]:
        return {self.message.id}


def get_message_page(number: int, *, viewer: Viewer, language: str, default: str, now: datetime) -> MessagePage:
    """One message by itself. Raises NoSuchMessage."""
    message = get_shown_message(number, viewer=viewer)
    head = get_topic_head(message.topic_id, viewer=viewer, language=language, default=default)
    return MessagePage(head, _posting(head, now), message)


def _posting(head: Row[Any], now: datetime) -> PostingContext:
    periods = read(PERIODS, {"forum_id": head.forum_id, "group_id": head.group_id}).all()
    return PostingContext.of_row(head, periods, now)


def reported_by(viewer: Viewer, numbers: Collection[int]) -> set[int]:
    """Those of these messages that the viewer has reported, unless the report has been settled."""
    return set(read(REPORTED, {"reporter_id": viewer.id, "numbers": sorted(numbers)}).scalars())


def get_shown_message(number: int, *, viewer: Viewer) -> ShownMessage:
    """One message. Raises NoSuchMessage."""
    found = read_messages(ONE_MESSAGE, {"number": number} | visible_to(viewer))
    if not found:
        raise NoSuchMessage
    return found[0]


def read_messages(statement: Select[*tuple[Any, ...]], parameters: Mapping[str, object]) -> list[ShownMessage]:
    """The messages of a statement on MESSAGE_COLUMNS, with their answers and files: three queries in all, and one more
    where the Secretariat has told what became of some."""
    rows: Sequence[Any] = read(statement, parameters).all()
    answers = _answers_to([row.id for row in rows])
    files = files_of_messages([row.id for row in rows if row.status in READABLE])
    told = follow_ups({row.follow_up_id for row in rows if row.follow_up_id})
    return [ShownMessage(*(*row, told.get(row.id), answers.get(row.id, ()), files.get(row.id, ()))) for row in rows]


def _answers_to(numbers: Collection[int]) -> dict[int, list[int]]:
    answers: dict[int, list[int]] = {}
    for part in in_parts(numbers):
        for answered, number in read(ANSWERS, {"numbers": part}):
            answers.setdefault(answered, []).append(number)
    return answers


def get_topic_head(topic_id: int, *, viewer: Viewer, language: str, default: str) -> Row[Any]:
    """A topic with the titles of its group and forum. Raises NotFound."""
    asked = {"topic_id": topic_id, "language": language, "default_language": default}
    head = read(TOPIC_HEAD, asked | visible_to(viewer)).first()
    if head is None:
        raise NotFound
    return head


def get_places(keys: Collection[int], *, language: str, default: str) -> dict[int, Row[Any]]:
    """Topics with the numbers of their groups and the titles of their forums, by key."""
    asked = {"keys": sorted(keys), "language": language, "default_language": default}
    return {place.id: place for place in read(PLACES, asked)} if keys else {}


def page_of(position: int) -> int:
    """The page of its topic that contains a position."""
    return (position - 1) // PER_PAGE + 1


def _best_language(text: Any, owner: Any) -> Any:
    """The language of the owner's best text: the reader's, else the default, else any."""
    other = aliased(text)
    key = next(column.name for column in text.__table__.primary_key if column.name != "language")
    order = case(
        (other.language == bindparam("language"), literal_column("0")),
        (other.language == bindparam("default_language"), literal_column("1")),
        else_=literal_column("2"),
    )
    best = select(other.language).where(getattr(other, key) == owner).order_by(order)
    return best.limit(literal_column("1")).scalar_subquery()


def _corrected_last(kind: str, key: Any) -> Any:
    """When the Secretariat last corrected the text of a kind that has this key; see app/wordings.py."""
    its_own = (OfficialChange.kind == kind) & (OfficialChange.thing_id == key)
    corrected = select(func.max(OfficialChange.at)).where(its_own, OfficialChange.change == ChangeKind.CORRECTED)
    return corrected.scalar_subquery()


# When the Secretariat wrote the summary of a question; none without a text.
_SUMMARIZED = (
    select(Annotation.written_at)
    .where(Annotation.question_id == Question.id, Annotation.kind == AnnotationKind.SUMMARY, Annotation.texts.any())
    .scalar_subquery()
)


def _topic_head() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Topic.id,
            Topic.title,
            Topic.language,
            Topic.created_at,
            Topic.last_position,
            Topic.message_count,
            Topic.pinned_at,
            Topic.locked_at,
            Topic.merged_into_id,
            Group.id.label("group_id"),
            Group.slug.label("group"),
            Group.number.label("group_number"),
            Forum.id.label("forum_id"),
            Forum.slug.label("forum"),
            Forum.archived_at,
            func.coalesce(Forum.archived_at, Forum.archived_before).label("first_archived_at"),
            Forum.by_invitation,
            ForumText.short_title.label("forum_title"),
            ForumText.language.label("forum_language"),
            GroupText.title.label("group_title"),
            GroupText.language.label("group_language"),
            Question.id.label("question_id"),
            Question.number.label("question_number"),
            _corrected_last("questions", Question.id).label("question_corrected_at"),
            _SUMMARIZED.label("question_summarized_at"),
            QuestionText.text.label("question"),
            QuestionText.language.label("question_language"),
        )
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .outerjoin(Question, Question.id == Topic.question_id)
        .outerjoin(
            ForumText,
            (ForumText.forum_id == Forum.id) & (ForumText.language == _best_language(ForumText, Forum.id)),
        )
        .outerjoin(
            GroupText,
            (GroupText.group_id == Group.id) & (GroupText.language == _best_language(GroupText, Group.id)),
        )
        .outerjoin(
            QuestionText,
            (QuestionText.question_id == Question.id)
            & (QuestionText.language == _best_language(QuestionText, Question.id)),
        )
        .where(Topic.id == bindparam("topic_id"), TOPIC_IS_VISIBLE)
    )


def _places() -> Select[*tuple[Any, ...]]:
    topic, group, forum, text = Topic.__table__.c, Group.__table__.c, Forum.__table__.c, ForumText.__table__.c
    columns = (
        topic.id,
        topic.title,
        topic.language,
        group.number.label("group_number"),
        forum.slug.label("forum_slug"),
        text.short_title.label("forum_title"),
        text.language.label("forum_language"),
    )
    is_best = (text.forum_id == forum.id) & (text.language == _best_language(ForumText, forum.id))
    joined = select(*columns).join_from(Topic.__table__, Group.__table__, group.id == topic.group_id)
    return joined.join(Forum.__table__, forum.id == group.forum_id).outerjoin(ForumText.__table__, is_best)


def _message_columns() -> Select[*tuple[Any, ...]]:
    """Columns of tables, not attributes of entities: SQLAlchemy reads rows of these at half the cost."""
    message, author, act, note = Message.__table__.c, User.__table__.c, Act.__table__.c, Annotation.__table__.c
    is_readable = or_(*(message.status == status for status in READABLE))  # a list would be written into each statement
    corrected_at = select(func.max(act.at)).where(act.message_id == message.id, act.kind == ActKind.EDIT)
    follow_up = select(note.id).where(note.message_id == message.id)
    return select(
        message.id,
        message.topic_id,
        message.position,
        message.status,
        message.returned_at,
        message.language,
        case((is_readable, message.html), else_="").label("html"),
        author.name,
        author.title,
        author.former_number,
        message.author_id,
        message.organization,
        message.capacity,
        message.country,
        message.confirmed,
        message.on_behalf_of,
        message.speaker,
        message.reply_to_id,
        message.posted_at,
        message.published_at,
        message.after_deadline,
        message.received_on,
        message.edited_at,
        # read only for the few that were changed at all
        case((message.edited_at.is_not(None), corrected_at.scalar_subquery())).label("corrected_at"),
        message.withdrawn_at,
        message.withheld_at,
        message.withheld_for,
        case((message.status == MessageStatus.PUBLISHED, follow_up.scalar_subquery())).label("follow_up_id"),
    ).join_from(Message.__table__, User.__table__, author.id == message.author_id)


_message = Message.__table__.c
_IN_SPAN = (_message.topic_id == bindparam("topic_id")) & _message.position.between(
    bindparam("first"), bindparam("last")
)

TOPIC_HEAD = _topic_head()
PLACES = _places().where(Topic.id.in_(bindparam("keys", expanding=True)))
ANSWERS = (
    select(_message.reply_to_id, _message.id)
    .where(_message.reply_to_id.in_(bindparam("numbers", expanding=True)), _message.position.is_not(None))
    .order_by(_message.id)
)
REPORTED = select(Report.message_id).where(
    Report.reporter_id == bindparam("reporter_id"),
    Report.settled_at.is_(None),
    Report.message_id.in_(bindparam("numbers", expanding=True)),
)
# The columns of a ShownMessage in their order, for `read_messages`. A statement that selects neither by place
# (`Message.position`) nor only published messages has MESSAGE_IS_VISIBLE among its conditions.
MESSAGE_COLUMNS = _message_columns()
MESSAGES = MESSAGE_COLUMNS.where(_IN_SPAN).order_by(_message.position)
VISIBLE_MESSAGES = (
    MESSAGE_COLUMNS.join(Topic, Topic.id == Message.topic_id)
    .join(Group, Group.id == Topic.group_id)
    .join(Forum, Forum.id == Group.forum_id)
    .where(MESSAGE_IS_VISIBLE)
)
ONE_MESSAGE = VISIBLE_MESSAGES.where(Message.id == bindparam("number"))
# Messages that wait, and the viewer's own that were withheld or withdrawn before they were published.
_WAITS = (Message.status == MessageStatus.PENDING) | (Message.author_id == bindparam("viewer_id"))
_IS_WAITING = (Message.topic_id == bindparam("topic_id")) & Message.position.is_(None) & _WAITS
WAITING = VISIBLE_MESSAGES.where(_IS_WAITING).order_by(Message.id)
PERIODS = select(
    Period.group_id, Period.kind, Period.opens_at, Period.closes_at, Period.former_dates, Period.called_off_at
).where(
    Period.forum_id == bindparam("forum_id"),
    func.coalesce(Period.group_id, bindparam("group_id")) == bindparam("group_id"),
)
OUTCOMES = (
    select(Document.id, Forum.slug.label("forum"), DocumentText.title, DocumentText.language)
    .join(Forum, Forum.id == Document.forum_id)
    .join(DocumentText, DocumentText.document_id == Document.id)
    .where(
        Document.forum_id == bindparam("forum_id"),
        Document.kind == DocumentKind.OUTCOME,
        DocumentText.language == _best_language(DocumentText, Document.id),
    )
    .order_by(Document.position, Document.id)
)
