"""Forums and groups as their pages show them; fetching and permission are one call.

The statements of busy pages are at the end, built once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, func, literal_column, select, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app.addresses import LARGEST_KEY
from app.database import in_parts, utcnow
from app.errors import NoSuchMessage, NotFound
from app.extensions import db, read
from app.languages import Language
from app.models import (
    AnnotationKind,
    ChangeKind,
    Document,
    Forum,
    ForumRole,
    Group,
    GroupText,
    Message,
    MessageStatus,
    Notice,
    OfficialChange,
    Page,
    Period,
    Question,
    Role,
    StateKind,
    Topic,
    User,
    Viewer,
)
from app.models.forum import DocumentKind
from app.paging import PER_PAGE, Listing, count_pages
from app.permissions import (
    FORUM_IS_MODERATED,
    FORUM_IS_VISIBLE,
    MESSAGE_IS_VISIBLE,
    TOPIC_IS_VISIBLE,
    visible_to,
)

OF_A_GROUP = 10  # topics of each group, on the page that shows all groups
TWIN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Portal:
    """The forums that are not archived, by what a reader can do in them now."""

    open: list[Forum]
    planned: list[Forum]
    closed: list[Forum]


@dataclass(frozen=True)
class Kept:
    """What the record of a forum contains, without withdrawn messages: from its first message to its last."""

    messages: int
    people: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def is_of_several_days(self) -> bool:
        return bool(self.first_at and self.last_at and self.first_at.date() < self.last_at.date())


def get_portal(viewer: Viewer, now: datetime | None = None) -> Portal:
    """Open forums by their next deadline; planned ones, also those that will reopen, by their opening (undated ones
    last); closed ones, the latest first."""
    return _by_state(db.session.scalars(_NOT_ARCHIVED, visible_to(viewer)).unique(), now or utcnow())


def list_open(viewer: Viewer) -> list[Forum]:
    """Open forums by their deadline, without their documents."""
    return _by_state(db.session.scalars(_NOT_ENDED, visible_to(viewer)).unique(), utcnow()).open


def _by_state(listed: Iterable[Forum], now: datetime) -> Portal:
    forums = [(forum.state(now), forum) for forum in listed]
    by_deadline = sorted(forums, key=lambda pair: (pair[0].deadline or now, pair[1].id))
    by_opening = sorted(forums, key=lambda pair: (pair[0].opens_at is None, pair[0].opens_at or now, pair[1].id))
    return Portal(
        open=[forum for state, forum in by_deadline if state.is_open],
        planned=[forum for state, forum in by_opening if state.opens_at or state.kind == StateKind.PLANNED],
        closed=[forum for state, forum in reversed(by_deadline) if state.has_ended and not state.opens_at],
    )


def list_archived(viewer: Viewer) -> list[Forum]:
    """Archived forums, the latest first."""
    forums = db.session.scalars(_ARCHIVED, visible_to(viewer)).unique()
    return sorted(forums, key=lambda forum: (forum.archived_at, forum.id), reverse=True)


def get_forum(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with everything that its head and its lists need. Raises NotFound."""
    return _one_forum(_WHOLE_FORUM, slug, viewer)


def find_forum(key: int, *, viewer: Viewer) -> int | None:
    """The key, if it is that of a forum that the viewer may see."""
    found = select(Forum.id).where(Forum.id == key, FORUM_IS_VISIBLE)
    return db.session.scalar(found, visible_to(viewer)) if 0 < key <= LARGEST_KEY else None


def get_forum_and_groups(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its pages, its groups and their questions, and of its documents only the outcomes; see
    `list_corrections` for what was changed of its texts. Raises NotFound."""
    forum = _one_forum(_FORUM_AND_GROUPS, slug, viewer)
    load_questions(forum)
    return forum


def get_forum_page(forum_slug: str, slug: str, *, viewer: Viewer) -> tuple[Forum, Page]:
    """A page of a forum, and of the forum's documents only the outcomes. Raises NotFound."""
    forum = _one_forum(_FORUM_OF_PAGE, forum_slug, viewer)
    page = next((page for page in forum.pages if page.slug == slug), None)
    if page is None:
        raise NotFound
    return forum, page


def get_forum_and_pages(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its texts and its pages. Raises NotFound."""
    return _one_forum(_FORUM_AND_PAGES, slug, viewer)


def get_group(forum_slug: str, slug: str, *, viewer: Viewer) -> Group:
    """A group with its texts, its questions and its forum and, once it has ended, of the forum's documents only the
    outcomes. Raises NotFound."""
    asked = visible_to(viewer) | {"slug": forum_slug, "group": slug}
    group = db.session.scalars(_GROUP, asked).unique().one_or_none()
    if group is None:
        raise NotFound
    forum = group.forum
    _load(group, "texts", _TEXTS_OF_GROUP, group_id=group.id)
    _load(group, "questions", _QUESTIONS_OF_GROUP, group_id=group.id)
    _load(forum, "periods", _PERIODS_OF_FORUM, forum_id=forum.id)
    _load(forum, "official_changes", _CHANGES_OF_FORUM, forum_id=forum.id)
    if forum.group_state(group, utcnow()).has_ended:
        _load(forum, "documents", _OUTCOMES_OF_FORUM, forum_id=forum.id)
    else:
        set_committed_value(forum, "documents", ())
    return group


def _load(thing: Any, name: str, statement: Select[Any], **asked: int) -> None:
    """Load a collection by a statement built once, which costs less than a loading option."""
    set_committed_value(thing, name, db.session.scalars(statement, asked).unique().all())


def places_of_topics(forum_id: int) -> set[tuple[int, int | None]]:
    """`(group, question)` by their keys, wherever a forum holds topics; every topic holds a message."""
    statement = select(Topic.group_id, Topic.question_id).join(Group, Group.id == Topic.group_id)
    rows = db.session.execute(statement.where(Group.forum_id == forum_id).distinct())
    return {(row.group_id, row.question_id) for row in rows}


def get_question(group: Group, number: int) -> Question | None:
    """A question of a group as `get_group` gives it, None for 0. Raises NotFound."""
    asked = next((question for question in group.questions if question.number == number), None)
    if number and asked is None:
        raise NotFound
    return asked


def load_questions(forum: Forum) -> None:
    """Load the guiding questions of all groups of a forum at once."""
    questions = db.session.scalars(_QUESTIONS, {"forum_id": forum.id}).unique().all()
    for group in forum.groups:
        set_committed_value(group, "questions", [one for one in questions if one.group_id == group.id])


def get_forum_of_feed(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with its texts, its notices and what was changed of its texts. Raises NotFound."""
    return _one_forum(_FORUM_OF_FEED, slug, viewer)


def list_topics(group: Group, page: int = 1, *, question: Question | None = None, viewer: Viewer) -> Listing:
    """A page of a group's topics, or of those under a question: pinned ones first, then the liveliest first, and last
    those in which nothing can be read any longer. Raises NotFound beyond the last page."""
    owner = question or group
    public_keys, hidden_keys = (
        (_PUBLIC_OF_QUESTION, _HIDDEN_OF_QUESTION) if question else (_PUBLIC_OF_GROUP, _HIDDEN_OF_GROUP)
    )
    hidden = _keys_of_hidden(hidden_keys, owner.id, viewer)
    total = owner.topic_count + len(hidden)
    pages = count_pages(total, page)
    first = (page - 1) * PER_PAGE
    # At most this many public topics come later in the list, after hidden ones.
    start = max(first - len(hidden), 0)
    public = _keys_of_public(public_keys, owner, start, PER_PAGE + len(hidden))
    keys = _in_order([*public, *hidden])[first - start :][:PER_PAGE]
    return Listing(_topics_of(keys), total, page, pages)


def topics_by_group(forum: Forum, *, viewer: Viewer) -> dict[int, list[Row[Any]]]:
    """The liveliest topics of each of the forum's groups, by the group's id."""
    topics: dict[int, list[Row[Any]]] = {group.id: [] for group in forum.groups}
    if not topics:
        return topics
    keys: dict[int, list[Row[Any]]] = {group: [] for group in topics}
    asked = {f"group_{at}": group for at, group in enumerate(topics)}
    public = read(_liveliest_of(len(topics)), asked)
    for key in [*public, *_keys_of_hidden(_HIDDEN_OF_FORUM, forum.id, viewer)]:
        keys[key.group_id].append(key)
    shown = [key for of_group in keys.values() for key in _in_order(of_group)[:OF_A_GROUP]]
    for row in _topics_of(shown):
        topics[row.group_id].append(row)
    return topics


def _keys_of_public(
    statements: tuple[Select[*tuple[Any, ...]], ...], owner: Group | Question, start: int, number: int
) -> Sequence[Any]:
    """The keys of the public topics at these places of a list. It is read from the nearer end, so the last page costs
    the same as the first."""
    from_start, from_end = statements
    number = min(number, owner.topic_count - start)
    if number <= 0:
        return ()
    behind = owner.topic_count - start - number
    asked = {"owner": owner.id, "number": number}
    if behind < start:
        return read(from_end, {**asked, "start": behind}).all()[::-1]
    return read(from_start, {**asked, "start": start}).all()


def _keys_of_hidden(statement: Select[*tuple[Any, ...]], owner: int, viewer: Viewer) -> Sequence[Any]:
    """The keys of topics in which nothing has been published yet: their authors and the moderators see them."""
    if not viewer.is_authenticated:
        return ()
    return read(statement, visible_to(viewer) | {"owner": owner}).all()


def _in_order(keys: Sequence[Any]) -> list[Any]:
    """The liveliest first; a hidden topic is already at the place that it will have once it is shown."""

    def place(key: Row[Any]) -> tuple[int, datetime, int]:
        return key.standing + (HIDDEN if key.standing < 0 else 0), key.active_at, key.id

    return sorted(keys, key=place, reverse=True)


def _topics_of(keys: Sequence[Any]) -> list[Any]:
    """These topics as lists show them, in the same order."""
    rows = {}
    for part in in_parts([key.id for key in keys]):
        rows.update({row.id: row for row in read(_TOPIC_ROWS, {"keys": part})})
    return [rows[key.id] for key in keys]


@cache
def _liveliest_of(groups: int) -> Any:
    """The keys of the liveliest public topics of these groups, read group by group."""
    parts = []
    for at in range(groups):
        there = _LIST_KEYS.where(Topic.group_id == bindparam(f"group_{at}"), _IS_PUBLIC)
        page = there.order_by(*(column.desc() for column in _LIVELIEST)).limit(OF_A_GROUP).subquery()
        parts.append(select(page))
    return union_all(*parts)


def list_corrections(forum: Forum) -> dict[tuple[str, int | None], list[Any]]:
    """That the texts of groups and questions were changed, and when last, by kind and key; not what they said."""
    corrections: dict[tuple[str, int | None], list[Any]] = {}
    for row in read(_CORRECTIONS, {"forum_id": forum.id}):
        corrections.setdefault((row.kind, row.thing_id), []).append(row)
    return corrections


def latest_by_group(forum: Forum) -> dict[int, Any]:
    """The topic of each group's latest message, by the group's id."""
    rows: Sequence[Any] = read(_LATEST, {"forum_id": forum.id}).all()
    return {row.group_id: row for row in sorted(rows, key=lambda row: (row.active_at, row.id))}


def count_kept(forum: Forum) -> Kept:
    """How much the record of a forum contains."""
    return Kept(forum.message_count, forum.speaker_count, forum.first_at, forum.last_at)


def named_moderators(forum: Forum, language: Language) -> Sequence[Row[Any]]:
    """The moderators whom the head of a forum names, in the order of the language; `languages` as in ForumRole."""
    if not forum.names_moderators:
        return ()
    rows: Sequence[Any] = read(_MODERATORS, {"forum_id": forum.id}).all()
    return sorted(rows, key=lambda row: (language.sort_key(row.name), row.id))


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
    """A message for an action on it. Raises NoSuchMessage."""
    message = find_message(number, viewer=viewer)
    if message is None:
        raise NoSuchMessage
    return message


def find_message(number: int, *, viewer: Viewer) -> Message | None:
    """The same; None where there is none that the viewer may see."""
    statement = select(Message).join(Topic, Topic.id == Message.topic_id).join(Group, Group.id == Topic.group_id)
    statement = statement.join(Forum).where(Message.id == number, MESSAGE_IS_VISIBLE)
    return db.session.scalar(statement, visible_to(viewer))


def find_twin(author: User, message: Mapping[str, Any], there: Any, files: list[tuple[str, str]]) -> Message | None:
    """What the author posted `there` in the last few minutes, with the same words, speaker and files, and has not
    withdrawn: a browser that goes back to a form may show a new one, with another key."""
    same = (getattr(Message, name) == value for name, value in {"speaker": "", **message}.items())
    stands = Message.status.in_((MessageStatus.PUBLISHED, MessageStatus.PENDING))
    lately = Message.posted_at > utcnow() - TWIN_WITHIN
    statement = select(Message).join(Topic, Topic.id == Message.topic_id).order_by(Message.id)
    found = db.session.scalars(statement.where(there, Message.author_id == author.id, lately, stands, *same))
    return next((one for one in found if [(file.name, file.sha256) for file in one.files] == files), None)


def _one_forum(statement: Select[Forum], slug: str, viewer: Viewer) -> Forum:
    forum = db.session.scalars(statement, visible_to(viewer) | {"slug": slug}).unique().one_or_none()
    if forum is None:
        raise NotFound
    return forum


# Who spoke in the first message of a topic, if its author only typed it.
_SPEAKER = (
    select(Message.speaker)
    .where(Message.topic_id == Topic.id, Message.position == 1, Message.author_id == Topic.author_id)
    .scalar_subquery()
)
# Nothing in it can be read: everything published was withdrawn or withheld.
_IS_EMPTIED = (Topic.message_count == 0) & (Topic.last_position > 0)
_WITHHELD = select(Message.id).where(Message.topic_id == Topic.id, Message.status == MessageStatus.WITHHELD).exists()
_EMPTIED = case((_IS_EMPTIED & _WITHHELD, MessageStatus.WITHHELD), (_IS_EMPTIED, MessageStatus.WITHDRAWN), else_="")
# Liveliest last, as the indexes of the lists have it.
_LIVELIEST = (Topic.standing, Topic.active_at, Topic.id)
HIDDEN = 4  # the difference between the standing of a hidden topic now and once it is shown
READABLE_STANDINGS = (2, 3)  # of topics with messages that can be read
_IS_PUBLIC = Topic.standing >= literal_column("0")
_LIST_KEYS = select(Topic.id, Topic.group_id, Topic.standing, Topic.active_at)


def _public(owner: Any) -> tuple[Select[*tuple[Any, ...]], Select[*tuple[Any, ...]]]:
    """Some keys of public topics, from the start of a list and from its end."""
    there = _LIST_KEYS.where(owner == bindparam("owner"), _IS_PUBLIC)
    listed = there.limit(bindparam("number")).offset(bindparam("start"))
    from_start = listed.order_by(*(column.desc() for column in _LIVELIEST))
    return from_start, listed.order_by(*(column.asc() for column in _LIVELIEST))


_PUBLIC_OF_GROUP, _PUBLIC_OF_QUESTION = _public(Topic.group_id), _public(Topic.question_id)
_HIDDEN = (
    _LIST_KEYS.join(Group, Group.id == Topic.group_id)
    .join(Forum, Forum.id == Group.forum_id)
    .where(Topic.standing < literal_column("0"), (Topic.author_id == bindparam("viewer_id")) | FORUM_IS_MODERATED)
)
_HIDDEN_OF_GROUP = _HIDDEN.where(Topic.group_id == bindparam("owner"))
_HIDDEN_OF_QUESTION = _HIDDEN.where(Topic.question_id == bindparam("owner"))
_HIDDEN_OF_FORUM = _HIDDEN.where(Group.forum_id == bindparam("owner"))


def _topic_rows() -> Select[*tuple[Any, ...]]:
    """Columns of tables, not attributes of entities, as for messages (app/forums/topic_queries.py)."""
    topic, question, author = Topic.__table__.c, Question.__table__.c, User.__table__.c
    columns = (
        topic.id,
        topic.title,
        topic.language,
        topic.group_id,
        topic.question_id,
        question.number.label("question_number"),
        topic.message_count,
        topic.participant_count,
        topic.active_at,
        topic.pinned_at,
        topic.locked_at,
        topic.last_position,
        _EMPTIED.label("emptied"),
        author.name.label("author"),
        author.former_number,
        _SPEAKER.label("speaker"),
    )
    joined = select(*columns).join_from(Topic.__table__, User.__table__, author.id == topic.author_id)
    return joined.outerjoin(Question.__table__, question.id == topic.question_id)


_TOPIC_ROWS = _topic_rows().where(Topic.id.in_(bindparam("keys", expanding=True)))


def _latest_in(standing: int) -> Any:
    """The topic of this standing that was active last, for each group of a forum: one look-up in an index each."""
    topic = aliased(Topic)
    latest = select(topic.id).where(topic.group_id == Group.id, topic.standing == literal_column(str(standing)))
    latest = latest.order_by(topic.active_at.desc(), topic.id.desc()).limit(literal_column("1"))
    return select(latest.scalar_subquery()).where(Group.forum_id == bindparam("forum_id"))


_LATEST = select(Topic.group_id, Topic.id, Topic.title, Topic.language, Topic.active_at).where(
    Topic.id.in_(union_all(*(_latest_in(standing) for standing in READABLE_STANDINGS)))
)
# Texts come with what they belong to: a statement of their own costs more than the wider rows.
_HEAD = (joinedload(Forum.texts), selectinload(Forum.periods))
_GROUPS = selectinload(Forum.groups).joinedload(Group.texts)
_PAGES = selectinload(Forum.pages).joinedload(Page.texts)
_OUTCOMES = selectinload(Forum.documents.and_(Document.kind == DocumentKind.OUTCOME)).joinedload(Document.texts)
_DOCUMENTS = selectinload(Forum.documents).options(joinedload(Document.texts), selectinload(Document.attachments))
_NOTICES = selectinload(Forum.notices).joinedload(Notice.texts)
_FORUM = select(Forum).where(Forum.slug == bindparam("slug"), FORUM_IS_VISIBLE)
# Those of summaries and follow-up are told in the record alone.
_CHANGES = selectinload(Forum.official_changes.and_(OfficialChange.kind.not_in(sorted(AnnotationKind))))
_WHOLE_FORUM = _FORUM.options(*_HEAD, _GROUPS, _PAGES, _NOTICES, _DOCUMENTS, _CHANGES)
_FORUM_AND_GROUPS = _FORUM.options(*_HEAD, _GROUPS, _PAGES, _OUTCOMES)
_FORUM_OF_PAGE = _FORUM.options(*_HEAD, selectinload(Forum.groups), _PAGES, _OUTCOMES, _CHANGES)
_FORUM_AND_PAGES = _FORUM.options(joinedload(Forum.texts), _PAGES)
_FORUM_OF_FEED = _FORUM.options(joinedload(Forum.texts), _NOTICES, _CHANGES)
# Lists of forums show only the outcomes among their documents.
_LISTED = select(Forum).where(FORUM_IS_VISIBLE).order_by(Forum.id)
_LISTED = _LISTED.options(*_HEAD, selectinload(Forum.groups))
_NOT_ENDED = _LISTED.where(Forum.archived_at.is_(None))
_LISTED = _LISTED.options(_OUTCOMES)
_NOT_ARCHIVED = _LISTED.where(Forum.archived_at.is_(None))
_ARCHIVED = _LISTED.where(Forum.archived_at.is_not(None))
# A change of the same kind on several days is told once.
_CORRECTIONS = (
    select(
        OfficialChange.kind,
        OfficialChange.thing_id,
        OfficialChange.change,
        OfficialChange.after_archiving,
        func.max(OfficialChange.at).label("at"),
    )
    .where(OfficialChange.forum_id == bindparam("forum_id"), OfficialChange.kind.in_(("groups", "questions")))
    .where(OfficialChange.thing_id.is_not(None), OfficialChange.change != ChangeKind.DELETED)
    .group_by(OfficialChange.kind, OfficialChange.thing_id, OfficialChange.change, OfficialChange.after_archiving)
    .order_by(func.max(OfficialChange.at))
)
_MODERATORS = (
    select(User.id, User.title, User.name, ForumRole.languages)
    .join(ForumRole, ForumRole.user_id == User.id)
    .where(ForumRole.forum_id == bindparam("forum_id"), ForumRole.role == Role.MODERATOR)
    .where(User.confirmed_at.is_not(None) | ~User.has_account, User.suspended_at.is_(None))
    .where(User.former_number.is_(None))
)
_QUESTIONS = (
    select(Question)
    .join(Group, Group.id == Question.group_id)
    .where(Group.forum_id == bindparam("forum_id"))
    .order_by(Question.number)
    .options(joinedload(Question.texts))
)
_QUESTIONS_OF_GROUP = (
    select(Question)
    .where(Question.group_id == bindparam("group_id"))
    .order_by(Question.number)
    .options(joinedload(Question.texts))
)
_GROUP = (
    select(Group)
    .join(Group.forum)
    .where(Forum.slug == bindparam("slug"), Group.slug == bindparam("group"), FORUM_IS_VISIBLE)
    .options(contains_eager(Group.forum).joinedload(Forum.texts))
)
_TEXTS_OF_GROUP = select(GroupText).where(GroupText.group_id == bindparam("group_id"))
_PERIODS_OF_FORUM = select(Period).where(Period.forum_id == bindparam("forum_id")).order_by(Period.opens_at, Period.id)
_CHANGES_OF_FORUM = (
    select(OfficialChange)
    .where(OfficialChange.forum_id == bindparam("forum_id"), OfficialChange.kind.not_in(sorted(AnnotationKind)))
    .order_by(OfficialChange.id)
)
_OUTCOMES_OF_FORUM = (
    select(Document)
    .where(Document.forum_id == bindparam("forum_id"), Document.kind == DocumentKind.OUTCOME)
    .order_by(Document.position, Document.id)
    .options(joinedload(Document.texts))
)
