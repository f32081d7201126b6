"""Forums and groups as their pages show them; fetching and permission are one call.

The statements of pages that are read much stand at the end, built once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, case, func, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app.database import utcnow
from app.errors import NotFound
from app.extensions import db
from app.models import (
    WHO_SPEAKS,
    Document,
    Forum,
    Group,
    Message,
    MessageStatus,
    Notice,
    Page,
    Question,
    StateKind,
    Topic,
    User,
    Viewer,
)
from app.models.forum import DocumentKind
from app.paging import PER_PAGE, Listing, count_pages
from app.permissions import FORUM_IS_VISIBLE, MESSAGE_IS_VISIBLE, TOPIC_IS_VISIBLE, visible_to

TWIN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Portal:
    """The forums that are not archived, by what a reader can do in them now."""

    open: list[Forum]
    planned: list[Forum]
    closed: list[Forum]


@dataclass(frozen=True)
class Kept:
    """What the record of a forum holds, withdrawn messages left out: from the first to the last of its messages."""

    messages: int
    people: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def is_of_several_days(self) -> bool:
        return bool(self.first_at and self.last_at and self.first_at.date() < self.last_at.date())


def get_portal(viewer: Viewer, now: datetime | None = None) -> Portal:
    """Open forums by their deadline, planned ones by their opening (undated ones last), closed ones latest first."""
    now = now or utcnow()
    forums = [(forum.state(now), forum) for forum in db.session.scalars(_NOT_ARCHIVED, visible_to(viewer))]
    by_deadline = sorted(forums, key=lambda pair: (pair[0].deadline or now, pair[1].id))
    by_opening = sorted(forums, key=lambda pair: (pair[0].opens_at is None, pair[0].opens_at or now, pair[1].id))
    return Portal(
        open=[forum for state, forum in by_deadline if state.is_open],
        planned=[forum for state, forum in by_opening if state.kind == StateKind.PLANNED],
        closed=[forum for state, forum in reversed(by_deadline) if state.kind == StateKind.CLOSED],
    )


def list_archived(viewer: Viewer) -> list[Forum]:
    """Archived forums, the latest first."""
    forums = db.session.scalars(_ARCHIVED, visible_to(viewer))
    return sorted(forums, key=lambda forum: (forum.archived_at, forum.id), reverse=True)


def get_forum(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with all that its head and its lists need. Raises NotFound."""
    return _one_forum(_WHOLE_FORUM, slug, viewer)


def get_forum_and_groups(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its pages and its groups and their questions; of its documents the outcomes alone. Raises
    NotFound."""
    forum = _one_forum(_FORUM_AND_GROUPS, slug, viewer)
    load_questions(forum)
    return forum


def get_forum_page(forum_slug: str, slug: str, *, viewer: Viewer) -> tuple[Forum, Page]:
    """A page of a forum. Raises NotFound."""
    forum = get_forum(forum_slug, viewer=viewer)
    page = next((page for page in forum.pages if page.slug == slug), None)
    if page is None:
        raise NotFound
    return forum, page


def get_group(forum_slug: str, slug: str, *, viewer: Viewer) -> Group:
    """A group with its questions and its forum, of whose documents there are the outcomes alone. Raises NotFound."""
    forum = _one_forum(_FORUM_OF_GROUP, forum_slug, viewer)
    group = next((group for group in forum.groups if group.slug == slug), None)
    if group is None:
        raise NotFound
    load_questions(forum)
    set_committed_value(group, "forum", forum)  # or nobody would hold it, and it would be read anew, row by row
    return group


def get_question(group: Group, number: int) -> Question | None:
    """A question of a group as `get_group` gives it, None for 0. Raises NotFound."""
    asked = next((question for question in group.questions if question.number == number), None)
    if number and asked is None:
        raise NotFound
    return asked


def load_questions(forum: Forum) -> None:
    """Load the guiding questions of all groups of a forum at once."""
    questions = db.session.scalars(_QUESTIONS, {"forum_id": forum.id}).all()
    for group in forum.groups:
        set_committed_value(group, "questions", [one for one in questions if one.group_id == group.id])


def list_topics(group: Group, page: int = 1, *, question: Question | None = None, viewer: Viewer) -> Listing:
    """A page of a group's topics, or of those under a question: pinned ones first, then liveliest first, and at the
    end those in which nothing can be read any more. Raises NotFound beyond the last page."""
    asked = visible_to(viewer) | {"group_id": group.id, "first": (page - 1) * PER_PAGE}
    statement, counted = (_TOPICS_OF_QUESTION, _COUNT_OF_QUESTION) if question else (_TOPICS_OF_GROUP, _COUNT_OF_GROUP)
    if question:
        asked["question_id"] = question.id
    total = db.session.scalar(counted, asked) or 0
    pages = count_pages(total, page)
    return Listing(db.session.execute(statement, asked).all(), total, page, pages)


def topics_by_group(forum: Forum, *, viewer: Viewer) -> dict[int, list[Row[Any]]]:
    """The liveliest topics of each of the forum's groups, by the group's id."""
    topics: dict[int, list[Row[Any]]] = {group.id: [] for group in forum.groups}
    for row in db.session.execute(_LIVELIEST_OF_GROUPS, visible_to(viewer) | {"forum_id": forum.id}):
        topics[row.group_id].append(row)
    return topics


def count_answers(forum: Forum) -> dict[int, int]:
    """How many messages stand under each of the forum's guiding questions, by the question's id."""
    return {question: count for question, count in db.session.execute(_ANSWERS, {"forum_id": forum.id}) if question}


def count_kept(forum: Forum) -> Kept:
    """How much the record of a forum holds."""
    return Kept(*db.session.execute(_KEPT, {"forum_id": forum.id}).one())


def get_topic(topic_id: int, *, viewer: Viewer) -> Topic:
    """A topic for an action on it. Raises NotFound."""
    statement = select(Topic).join(Group, Group.id == Topic.group_id).join(Forum)
    statement = statement.where(Topic.id == topic_id, TOPIC_IS_VISIBLE)
    topic = db.session.scalar(statement, visible_to(viewer))
    if topic is None:
        raise NotFound
    return topic


def get_topic_to_write_in(topic_id: int, *, viewer: Viewer) -> Topic:
    """The topic, or the one that it was merged into. Raises NotFound."""
    topic = get_topic(topic_id, viewer=viewer)
    return topic.merged_into or topic


def get_message(number: int, *, viewer: Viewer) -> Message:
    """A message for an action on it. Raises NotFound."""
    statement = select(Message).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    statement = statement.join(Forum).where(Message.id == number, MESSAGE_IS_VISIBLE)
    message = db.session.scalar(statement, visible_to(viewer))
    if message is None:
        raise NotFound
    return message


def find_twin(author: User, message: Mapping[str, Any], there: Any, files: list[tuple[str, str]]) -> Message | None:
    """What the author posted `there` within the last minutes, with the same words, speaker and files, and has not
    taken back: a browser that goes back to a form may show a new one, with a key of its own."""
    same = (getattr(Message, name) == value for name, value in {"speaker": "", **message}.items())
    stands = Message.status.in_((MessageStatus.PUBLISHED, MessageStatus.PENDING))
    lately = Message.posted_at > utcnow() - TWIN_WITHIN
    statement = select(Message).join(Topic, Topic.id == Message.topic_id).order_by(Message.id)
    found = db.session.scalars(statement.where(there, Message.author_id == author.id, lately, stands, *same))
    return next((one for one in found if [(file.name, file.sha256) for file in one.files] == files), None)


def _one_forum(statement: Select[Forum], slug: str, viewer: Viewer) -> Forum:
    forum = db.session.scalar(statement, visible_to(viewer) | {"slug": slug})
    if forum is None:
        raise NotFound
    return forum


# Who spoke in the message that began a topic, where its author only typed it.
_SPEAKER = (
    select(Message.speaker)
    .where(Message.topic_id == Topic.id, Message.position == 1, Message.author_id == Topic.author_id)
    .scalar_subquery()
)
# Nothing of it can be read: whatever was published was withdrawn, or withheld.
_IS_EMPTIED = (Topic.message_count == 0) & (Topic.last_position > 0)
_WITHHELD = select(Message.id).where(Message.topic_id == Topic.id, Message.status == MessageStatus.WITHHELD).exists()
_EMPTIED = case((_IS_EMPTIED & _WITHHELD, MessageStatus.WITHHELD), (_IS_EMPTIED, MessageStatus.WITHDRAWN), else_="")
_LIVELIEST = (_IS_EMPTIED, Topic.pinned_at.is_(None), Topic.active_at.desc(), Topic.id.desc())


def _topic_rows(*more: Any) -> Select[*tuple[Any, ...]]:
    """Topics that the viewer may see; one that was merged into another is found there."""
    return (
        select(
            Topic.id,
            Topic.title,
            Topic.language,
            Topic.group_id,
            Question.number.label("question_number"),
            Topic.message_count,
            Topic.participant_count,
            Topic.active_at,
            Topic.pinned_at,
            Topic.locked_at,
            Topic.last_position,
            _EMPTIED.label("emptied"),
            User.name.label("author"),
            User.former_number,
            _SPEAKER.label("speaker"),
            *more,
        )
        .join(User, User.id == Topic.author_id)
        .join(Group, Group.id == Topic.group_id)
        .join(Forum, Forum.id == Group.forum_id)
        .outerjoin(Question, Question.id == Topic.question_id)
        .where(TOPIC_IS_VISIBLE, Topic.merged_into_id.is_(None))
        .order_by(*_LIVELIEST)
    )


_HEAD = (selectinload(Forum.texts), selectinload(Forum.periods))
_GROUPS = selectinload(Forum.groups).selectinload(Group.texts)
_PAGES = selectinload(Forum.pages).selectinload(Page.texts)
_OUTCOMES = selectinload(Forum.documents.and_(Document.kind == DocumentKind.OUTCOME)).selectinload(Document.texts)
_DOCUMENTS = selectinload(Forum.documents).options(selectinload(Document.texts), selectinload(Document.attachments))
_NOTICES = selectinload(Forum.notices).selectinload(Notice.texts)
_FORUM = select(Forum).where(Forum.slug == bindparam("slug"), FORUM_IS_VISIBLE)
_WHOLE_FORUM = _FORUM.options(*_HEAD, _GROUPS, _PAGES, _NOTICES, _DOCUMENTS)
_FORUM_AND_GROUPS = _FORUM.options(*_HEAD, _GROUPS, _PAGES, _OUTCOMES)
_FORUM_OF_GROUP = _FORUM.options(*_HEAD, _GROUPS, _OUTCOMES)
# Forums in a list tell of their documents the outcomes alone.
_LISTED = select(Forum).where(FORUM_IS_VISIBLE).order_by(Forum.id)
_LISTED = _LISTED.options(*_HEAD, selectinload(Forum.groups), _OUTCOMES)
_NOT_ARCHIVED = _LISTED.where(Forum.archived_at.is_(None))
_ARCHIVED = _LISTED.where(Forum.archived_at.is_not(None))
_QUESTIONS = (
    select(Question)
    .join(Group, Group.id == Question.group_id)
    .where(Group.forum_id == bindparam("forum_id"))
    .order_by(Question.number)
    .options(selectinload(Question.texts))
)
_IN_GROUP = _topic_rows().where(Topic.group_id == bindparam("group_id"))
_UNDER_QUESTION = _IN_GROUP.where(Topic.question_id == bindparam("question_id"))


def _page_of(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.limit(PER_PAGE).offset(bindparam("first", type_=Integer))


def _count_of(statement: Select[*tuple[Any, ...]]) -> Select[int]:
    return select(func.count()).select_from(statement.order_by(None).subquery())


_TOPICS_OF_GROUP, _COUNT_OF_GROUP = _page_of(_IN_GROUP), _count_of(_IN_GROUP)
_TOPICS_OF_QUESTION, _COUNT_OF_QUESTION = _page_of(_UNDER_QUESTION), _count_of(_UNDER_QUESTION)
_PLACE = func.row_number().over(partition_by=Topic.group_id, order_by=_LIVELIEST).label("place")
_RANKED = _topic_rows(_PLACE).where(Group.forum_id == bindparam("forum_id")).order_by(None).subquery()
_LIVELIEST_OF_GROUPS = select(_RANKED).where(_RANKED.c.place <= PER_PAGE).order_by(_RANKED.c.place)
_ANSWERS = (
    select(Topic.question_id, func.sum(Topic.message_count))
    .join(Group, Group.id == Topic.group_id)
    .where(Group.forum_id == bindparam("forum_id"), Topic.question_id.is_not(None))
    .group_by(Topic.question_id)
)
_KEPT = (
    select(
        func.count(Message.id),
        func.count(func.distinct(WHO_SPEAKS)),
        func.min(Message.posted_at),
        func.max(Message.posted_at),
    )
    .join(Topic, Topic.id == Message.topic_id)
    .join(Group, Group.id == Topic.group_id)
    .where(Group.forum_id == bindparam("forum_id"), Message.status == MessageStatus.PUBLISHED)
)
