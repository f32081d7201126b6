"""A forum or a group as one document: questions, topics and messages in order, and what is told of them.

The forum and the groups come from `get_forum` or `get_group`, which check whether the viewer may see them. A message
has a position if it has been published; others are in no document.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select

from app.errors import NotFound
from app.extensions import db
from app.figures import activity
from app.figures.tables import Context, Table
from app.forums.topic_queries import MESSAGE_COLUMNS, READABLE, ShownMessage, read_messages
from app.labels import person_name
from app.languages import Language, reader_language, text_in
from app.models import (
    FOR_A_GOVERNMENT,
    FOR_AN_ORGANIZATION,
    Annotation,
    AnnotationKind,
    AnnotationText,
    Attachment,
    Capacity,
    Forum,
    Group,
    Message,
    MessageStatus,
    Question,
    Topic,
    User,
)

IN_ONE = 300  # messages; a longer document comes in parts
IN_A_PART = 100
# Bytes of markup around the texts, as measured on the sample: for a message, a participant in the list, the document of
# a group or of a forum, and a group in that of a forum.
FRAME, LINE, GROUP_FRAME, FORUM_FRAME, SECTION = 700, 390, 6_000, 8_500, 2_000
NOTE = 300  # and for a summary or a follow-up
Notes = Mapping[tuple[int | None, str], int]


@dataclass(frozen=True)
class Chosen:
    """Which messages a document has: those under a question, from one day to another (UTC, both included), and those
    written in a language."""

    question: Question | None = None
    since: date | None = None
    until: date | None = None
    language: str = ""

    @property
    def is_selection(self) -> bool:
        return self != EVERYTHING

    @property
    def days(self) -> "Chosen":
        """Of what is chosen only the days."""
        return Chosen(since=self.since, until=self.until)

    @property
    def is_of_some_messages(self) -> bool:
        """Whether it leaves messages out, and not only questions: what then is empty is not named."""
        return bool(self.since or self.until or self.language)

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [Message.position.is_not(None)]
        if self.question:
            found.append(Topic.question_id == self.question.id)
        if self.since:
            found.append(Message.posted_at >= datetime.combine(self.since, time(), UTC))
        if self.until and self.until < date.max:
            found.append(Message.posted_at < datetime.combine(self.until + timedelta(days=1), time(), UTC))
        if self.language:
            found.append(Message.language == self.language)
        return found


EVERYTHING = Chosen()
TO_TOPIC = (Topic, Topic.id == Message.topic_id)


@dataclass(frozen=True)
class Extent:
    """How many messages, also without their words, how many of them are published, and about how many bytes of HTML."""

    messages: int = 0
    published: int = 0
    size: int = 0

    def __add__(self, other: "Extent") -> "Extent":
        return Extent(self.messages + other.messages, self.published + other.published, self.size + other.size)

    def share(self, messages: int) -> "Extent":
        """So many of these messages."""
        return Extent(messages, messages, self.size * messages // self.messages if self.messages else 0)


@dataclass(frozen=True)
class PrintedTopic:
    """A topic with its messages. `part` is the part of the document in which it begins."""

    topic: Row[Any]
    messages: Sequence[ShownMessage] = ()
    part: int = 1
    is_continued: bool = False


@dataclass(frozen=True)
class PrintedQuestion:
    """A question with the topics under it; without a question, the other topics of the group."""

    question: Question | None
    topics: Sequence[PrintedTopic]
    part: int = 1
    is_continued: bool = False


@dataclass(frozen=True)
class PrintedGroup:
    group: Group
    questions: Sequence[PrintedQuestion]
    part: int = 1
    is_continued: bool = False

    @property
    def topics(self) -> list[PrintedTopic]:
        return [entry for question in self.questions for entry in question.topics]

    @property
    def messages(self) -> list[ShownMessage]:
        return [message for entry in self.topics for message in entry.messages]


@dataclass(frozen=True)
class Participant:
    """A person with a published message, as stated in it; `represents` names the State or the organization, which is
    one of `speaks_for`, and `country` and `organization` are what is stated besides."""

    name: str
    person: str
    capacity: str
    represents: str
    speaks_for: tuple[str, str]
    country: str
    organization: str
    messages: int


@dataclass(frozen=True)
class OnBehalf:
    """On whose behalf a participant posted, as well as for those they represent."""

    name: str
    participant: str
    messages: int


@dataclass(frozen=True)
class Numbering:
    """What became of every number from the first to the last."""

    first: int
    last: int
    published: int
    withdrawn: int
    withheld: int
    left_out: Sequence[int]  # of these, those in another language than the one chosen

    @property
    def in_all(self) -> int:
        return self.last - self.first + 1

    @property
    def elsewhere(self) -> int:
        """Used elsewhere on the site, or for messages that were never published."""
        return self.in_all - self.published - self.withdrawn - self.withheld

    @property
    def left_out_runs(self) -> list[tuple[int, int]]:
        """The first and the last of each run of consecutive numbers that are left out."""
        runs = groupby(enumerate(self.left_out), lambda pair: pair[1] - pair[0])
        found = [[number for _at, number in run] for _difference, run in runs]
        return [(run[0], run[-1]) for run in found]


@dataclass(frozen=True)
class Proceedings:
    """The whole document or, with `part`, one part of it: `groups` is what is shown, `contents` all there is.

    What is told of all messages is read when it is first asked for.
    """

    forum: Forum
    contents: Sequence[PrintedGroup]
    extent: Extent
    language: Language
    now: datetime
    chosen: Chosen = EVERYTHING
    group: Group | None = None  # of whose messages it is
    part: int | None = None
    groups: Sequence[PrintedGroup] = field(default=())

    @property
    def parts(self) -> int:
        return count_of_parts(self.extent)

    @property
    def is_first(self) -> bool:
        return self.part in (None, 1)

    @property
    def is_last(self) -> bool:
        return self.part in (None, self.parts)

    @property
    def messages(self) -> list[ShownMessage]:
        return [message for group in self.groups for message in group.messages]

    @cached_property
    def numbers(self) -> set[int]:
        """The numbers of its messages: references to them become links within the document."""
        return {message.id for message in self.messages}

    @property
    def symbols(self) -> list[str]:
        """The symbols of the documents of the forum, each once."""
        return list(dict.fromkeys(document.symbol for document in self.forum.documents if document.symbol))

    @cached_property
    def numbering(self) -> Numbering | None:
        """None without messages."""
        return _numbering(self.wanted, self.chosen)

    @cached_property
    def participants(self) -> list[tuple[str, list[Participant]]]:
        """By capacity, in the alphabetical order of the language: by State or organization, then by name."""
        ordered = sorted(self._spoken[0], key=lambda one: (self._key(one.represents), self._key(one.person)))
        found = [(capacity, [one for one in ordered if one.capacity == capacity]) for capacity in Capacity]
        return [(capacity, people) for capacity, people in found if people]

    @cached_property
    def on_behalf_of(self) -> list[OnBehalf]:
        return sorted(self._spoken[1], key=lambda one: (self._key(one.name), self._key(one.participant)))

    @cached_property
    def figures(self) -> list[Table]:
        """The tables of the whole forum that say nothing but what anybody can count."""
        context = Context(self.forum, self.language, self.now, with_addresses=False)
        return [activity.by_capacity(context), activity.by_language(context), activity.by_question(context)]

    @cached_property
    def files(self) -> Sequence[Any]:
        """The files of its messages, in the order of the numbers, with their `message_id`."""
        columns = Attachment.__table__.c
        names = ("message_id", "id", "name", "media_type", "size", "sha256", "language")
        statement = select(*(columns[name] for name in names)).join_from(Attachment, Message).join(*TO_TOPIC)
        is_shown = (Message.status == MessageStatus.PUBLISHED) & Attachment.removed_at.is_(None)
        statement = statement.where(*_of(self.wanted, self.chosen), is_shown)
        return db.session.execute(statement.order_by(Message.id, Attachment.id)).all()

    @property
    def document_files(self) -> list[Any]:
        """The files of the documents of the forum, listed only in the whole document."""
        documents = () if self.group or self.chosen.is_selection else self.forum.documents
        return [file for document in documents for file in document.attachments]

    def is_empty(self, chosen: Chosen) -> bool:
        """Whether there would be no message if this were chosen."""
        return not _extents(self.wanted, chosen, Topic.group_id)

    @property
    def wanted(self) -> list[Group]:
        """The groups of whose messages it is."""
        return [self.group] if self.group else list(self.forum.groups)

    @cached_property
    def _spoken(self) -> tuple[list[Participant], list[OnBehalf]]:
        return _spoken(self.wanted, self.chosen, self.language)

    def _key(self, name: str) -> str:
        return self.language.sort_key(name)


def outline(
    forum: Forum,
    group: Group | None = None,
    *,
    language: Language,
    now: datetime,
    chosen: Chosen = EVERYTHING,
) -> Proceedings:
    """The document of a forum or a group without its messages; with the questions of its groups loaded."""
    groups = [group] if group else list(forum.groups)
    extents = _extents(groups, chosen, Topic.id)
    topics: dict[tuple[int, int | None], list[Row[Any]]] = {}
    for topic in db.session.execute(_topics(groups)):
        if topic.id in extents:
            topics.setdefault((topic.group_id, topic.question_id), []).append(topic)
    whole = sum(extents.values(), frame_of(forum, group))
    contents = list(_contents(groups, topics, extents, chosen, count_of_parts(whole)))
    return Proceedings(forum, contents, whole, language, now, chosen, group)


def filled(document: Proceedings, part: int | None = None) -> Proceedings:
    """With all its messages or, with `part`, those of that part alone. Raises NotFound beyond the last part."""
    if part is not None and not 1 <= part <= document.parts:
        raise NotFound
    part = part if document.parts > 1 else None
    messages: dict[int, list[ShownMessage]] = {}
    for message in read_messages(_messages(document, part), {}):
        messages.setdefault(message.topic_id, []).append(message)
    return replace(document, part=part, groups=list(_shown(document.contents, messages, part)))


def count_of_parts(extent: Extent) -> int:
    return 1 if extent.messages <= IN_ONE else -(-extent.messages // IN_A_PART)


def extents_by_group(forum: Forum) -> dict[int, Extent]:
    """How much each group has, by its key; none for a group without messages."""
    return _extents(forum.groups, EVERYTHING, Topic.group_id)


def frame_of(forum: Forum, group: Group | None = None, notes: Notes | None = None) -> Extent:
    """The size of the document of a forum or a group without its messages; `notes` are `sizes_of_notes`, if known. The
    proceedings of a forum have follow-up once more, in a table."""
    told = (sizes_of_notes(forum) if notes is None else notes).items()
    groups = [text_in(one) for one in ([group] if group else forum.groups)]
    introductions = sum(len(text.introduction_html) + len(text.remarks_html) for text in groups)
    if group:
        of_group = sum(size for (key, _kind), size in told if key == group.id)
        return Extent(size=GROUP_FRAME + introductions + of_group)
    introductions += sum(size * (2 if kind == AnnotationKind.FOLLOW_UP else 1) for (_group, kind), size in told)
    text, pages = text_in(forum), sum(len(text_in(page).html) for page in forum.pages)
    of_forum = len(text.about_html) + len(text.mandate_html) + pages
    return Extent(size=FORUM_FRAME + SECTION * len(groups) + introductions + of_forum)


def sizes_of_notes(forum: Forum) -> Notes:
    """The bytes of the summaries and the follow-up in a forum, by the key of the group, None for those outside."""
    place = func.coalesce(Annotation.group_id, Question.group_id, Topic.group_id)
    size = func.sum(func.length(AnnotationText.html) + NOTE)
    statement = select(place, Annotation.kind, size).join(AnnotationText).outerjoin(Question).outerjoin(Message)
    statement = statement.outerjoin(Topic, Topic.id == Message.topic_id).group_by(place, Annotation.kind)
    of_text = (Annotation.forum_id == forum.id, AnnotationText.language == reader_language().code)
    return {(group, kind): int(total) for group, kind, total in db.session.execute(statement.where(*of_text))}


def _extents(groups: Sequence[Group], chosen: Chosen, by: Any) -> dict[int, Extent]:
    """From the stored lengths, without reading any message."""
    length = case((Message.status.in_(READABLE), func.length(Message.html)), else_=0)
    published = func.sum(case((Message.status == MessageStatus.PUBLISHED, 1), else_=0))
    columns = (by, func.count(), published, func.sum(length), func.count(Message.author_id.distinct()))
    counted = select(*columns).select_from(Message).join(*TO_TOPIC)
    rows = db.session.execute(counted.where(*_of(groups, chosen)).group_by(by))
    return {
        key: Extent(count, int(shown), int(size) + count * FRAME + people * LINE)
        for key, count, shown, size, people in rows
    }


def _of(groups: Sequence[Group], chosen: Chosen) -> list[ColumnElement[bool]]:
    """The conditions of messages, joined with their topics."""
    return [Topic.group_id.in_([group.id for group in groups]), *chosen.conditions]


def _contents(
    groups: Sequence[Group],
    topics: dict[tuple[int, int | None], list[Row[Any]]],
    extents: dict[int, Extent],
    chosen: Chosen,
    parts: int,
) -> Iterator[PrintedGroup]:
    """Each group with its questions, or the one chosen, and last its topics without a question."""
    before = 0

    def part() -> int:
        return min(before // IN_A_PART + 1, parts)

    for group in groups:
        begins, questions = part(), []
        asked: list[Question | None] = [chosen.question] if chosen.question else [*group.questions, None]
        if chosen.question and chosen.question.group_id != group.id:
            continue
        for question in asked:
            under, starts = [], part()
            for topic in topics.get((group.id, question.id if question else None), ()):
                under.append(PrintedTopic(topic, part=part()))
                before += extents[topic.id].messages
            if under or (question and not chosen.is_of_some_messages):
                questions.append(PrintedQuestion(question, under, starts))
        if questions or len(groups) == 1 or not chosen.is_of_some_messages:
            yield PrintedGroup(group, questions, begins)


def _shown(
    contents: Sequence[PrintedGroup], messages: dict[int, list[ShownMessage]], part: int | None
) -> Iterator[PrintedGroup]:
    """What begins in this part or has messages in it."""
    for group in contents:
        questions = []
        for question in group.questions:
            topics = [
                replace(entry, messages=messages[entry.topic.id], is_continued=_is_continued(entry, part))
                for entry in question.topics
                if entry.topic.id in messages
            ]
            if topics or part in (None, question.part):
                questions.append(replace(question, topics=topics, is_continued=_is_continued(question, part)))
        if questions or part in (None, group.part):
            yield replace(group, questions=questions, is_continued=_is_continued(group, part))


def _is_continued(thing: PrintedGroup | PrintedQuestion | PrintedTopic, part: int | None) -> bool:
    return part is not None and thing.part < part


def _topics(groups: Sequence[Group]) -> Select[*tuple[Any, ...]]:
    """The oldest first."""
    columns = (Topic.id, Topic.title, Topic.language, Topic.group_id, Topic.question_id)
    has_messages = (Topic.last_position > 0) & Topic.merged_into_id.is_(None)
    return select(*columns).where(Topic.group_id.in_([group.id for group in groups]), has_messages).order_by(Topic.id)


def _messages(document: Proceedings, part: int | None) -> Select[*tuple[Any, ...]]:
    """In the order of their places in their topics. Those of a part are found by their keys alone."""
    there = _of(document.wanted, document.chosen)
    found = MESSAGE_COLUMNS.join(*TO_TOPIC)
    found = found.order_by(Message.topic_id, Message.position)
    if part is None:
        return found.where(*there)
    number = Message.__table__.c.id
    keys = (
        select(number)
        .select_from(Message)
        .join(*TO_TOPIC)
        .join(Group, Group.id == Topic.group_id)
        .outerjoin(Question, Question.id == Topic.question_id)
    )
    place = (Group.number, Group.id, Question.number.is_(None), Question.number, Topic.id, Message.position)
    keys = keys.where(*there).order_by(*place).limit(IN_A_PART).offset((part - 1) * IN_A_PART)
    return found.where(number.in_(db.session.scalars(keys).all()))


def _numbering(groups: Sequence[Group], chosen: Chosen) -> Numbering | None:
    everywhere = replace(chosen, language="")
    number = Message.__table__.c.id
    statuses = (MessageStatus.PUBLISHED, MessageStatus.WITHDRAWN, MessageStatus.WITHHELD)
    counts = [func.sum(case((Message.status == status, 1), else_=0)) for status in statuses]
    statement = select(func.min(number), func.max(number), *counts).select_from(Message).join(*TO_TOPIC)
    first, last, *of_status = db.session.execute(statement.where(*_of(groups, everywhere))).one()
    if first is None:
        return None
    others = select(number).select_from(Message).join(*TO_TOPIC).where(*_of(groups, everywhere)).order_by(number)
    others = others.where(Message.language != chosen.language)
    left_out = db.session.scalars(others).all() if chosen.language else ()
    published, withdrawn, withheld = (int(count) for count in of_status)
    return Numbering(first, last, published, withdrawn, withheld, left_out)


def _spoken(groups: Sequence[Group], chosen: Chosen, language: Language) -> tuple[list[Participant], list[OnBehalf]]:
    """The authors of published messages, and on whose behalf they posted. People with two capacities are in both.

    A letter that was typed in counts with the messages of the account of the same name that states the same.
    """
    person = (User.name, User.title, User.former_number, Message.author_id, Message.speaker)
    stated = (Message.capacity, Message.country, Message.organization)
    columns = (*person, *stated, Message.on_behalf_of)
    counted = (
        select(*columns, func.count().label("messages"))
        .join_from(Message, User, User.id == Message.author_id)
        .join(*TO_TOPIC)
    )
    published = Message.status == MessageStatus.PUBLISHED
    rows = db.session.execute(counted.where(*_of(groups, chosen), published).group_by(*columns)).all()
    found: dict[tuple[Any, ...], Participant] = {}
    named: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # who has an account, as the Secretariat may type their names
    on_behalf: list[OnBehalf] = []
    for row in sorted(rows, key=lambda row: bool(row.speaker)):
        stated = (row.capacity, row.country, row.organization)
        key = named.get((row.speaker, *stated)) or (row.speaker or row.author_id, *stated)
        one = found.get(key) or _participant(row, language)
        found[key] = replace(one, messages=one.messages + row.messages)
        if not row.speaker:
            named |= {(name, *stated): key for name in (one.name, one.person)}
        if row.on_behalf_of:
            on_behalf.append(OnBehalf(row.on_behalf_of, one.name, row.messages))
    return list(found.values()), on_behalf


def _participant(row: Any, language: Language) -> Participant:
    written = person_name(row) if row.former_number else f"{row.title} {row.name}".strip()
    state = row.country if row.capacity in FOR_A_GOVERNMENT else ""
    organization = row.organization if row.capacity in FOR_AN_ORGANIZATION else ""
    return Participant(
        name=row.speaker or written,
        person=row.speaker or (written if row.former_number else row.name),
        capacity=row.capacity,
        represents=language.state_name(state) if state else organization,
        speaks_for=(state, organization),
        country="" if state else row.country,
        organization="" if organization else row.organization,
        messages=0,
    )
