"""Searching: what a reader's words and filters lead to, of what the reader may see.

The cost does not grow with the site. The index gives at most WINDOW candidates, the newest ones; whether the reader may
see them, and the filters, are checked in the tables themselves until MOST are found. Words that stand in more than one
of a hundred messages are searched for only in the newest WINDOW messages, of the forum if one is chosen.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.extensions import db
from app.forums.annotation_queries import annotations_about
from app.forums.topic_queries import READABLE, VISIBLE_MESSAGES, ShownMessage, read_messages
from app.models import (
    Annotation,
    Attachment,
    Document,
    Forum,
    Group,
    Message,
    Page,
    Question,
    SearchText,
    Topic,
    User,
    Viewer,
)
from app.permissions import FORUM_IS_VISIBLE, MESSAGE_IS_VISIBLE, TOPIC_IS_VISIBLE, visible_to
from app.search.index import MESSAGE, key_of, kind_of
from app.search.state_names import states_called, states_with
from app.search.tokens import words_of
from app.search.words import STOP_WORDS, Search, Term, named

MOST = 1_000  # hits that are counted and put in order
WINDOW = 10_000  # candidates
STEPS = (1_200, 4_000, WINDOW)  # so many are tried at first, and more while too few of them are found
ONE_IN = 100  # messages; words in more than one of so many are common
SAMPLE = 1_000
PER_PAGE = 20
IN_A_STATEMENT = MOST + 1
MOST_PEOPLE = 200  # of a name, if nothing else is looked for
Tokens = Collection[Collection[str]]


@dataclass(frozen=True)
class Filters:
    """What hits have to be: all that is given holds."""

    forum: Forum | None = None
    group: Group | None = None
    question: Question | None = None
    capacity: str = ""
    state: str = ""
    organization: str = ""
    language: str = ""
    since: date | None = None
    until: date | None = None
    with_files: bool = False

    @property
    def is_of_messages(self) -> bool:
        """Whether nothing but messages can be meant."""
        return bool(self.capacity or self.state or self.organization)

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    def takes_row(self, row: Any) -> bool:
        """Whether a message or a topic is meant, of which `row` has what the filters ask for. This is not a part of the
        statements, since the databases would look for all that fits instead of the few candidates."""
        fits = all(getattr(row, name, None) == value for name, value in self.wanted)
        return fits and self._is_in_time(row.at) and (row.has_files or not self.with_files)

    @cached_property
    def wanted(self) -> list[tuple[str, Any]]:
        """Names of columns of MEANT, and what they must say."""
        wanted = {
            "forum_id": self.forum and self.forum.id,
            "group_id": self.group and self.group.id,
            "question_id": self.question and self.question.id,
            "capacity": self.capacity,
            "country": self.state,
            "organization": self.organization,
            "language": self.language,
        }
        return [(name, value) for name, value in wanted.items() if value]

    def _is_in_time(self, at: datetime | None) -> bool:
        if not (self.since or self.until):
            return True
        return at is not None and (self.since or date.min) <= at.date() <= (self.until or date.max)

    def takes(self, thing: Any) -> bool:
        """Whether a text of the Secretariat is meant."""
        if (self.forum and _forum_of(thing) != self.forum.id) or self.question or (self.group and thing != self.group):
            return False
        if self.language and self.language not in thing.texts:
            return False
        if not isinstance(thing, Document):
            return not (self.since or self.until or self.with_files)
        return self._is_in_time(_date_of(thing)) and bool(thing.attachments or not self.with_files)


@dataclass(frozen=True)
class Hit:
    """What is found: its kind, and the message, the topic or the text of the Secretariat."""

    kind: str
    thing: Any
    at: datetime | None
    forum: Forum | None
    topic: Topic | None = None  # of a message, or itself
    annotations: Sequence[Annotation] = ()  # of a forum or a group


@dataclass(frozen=True)
class Found:
    """One page of what is found. `is_more` says that there is more than `total`, `is_of_newest` that not all messages
    were looked through."""

    hits: Sequence[Hit] = ()
    total: int = 0
    page: int = 1
    is_more: bool = False
    is_of_newest: bool = False

    @property
    def pages(self) -> int:
        return max(-(-self.total // PER_PAGE), 1)


@dataclass(frozen=True)
class Named:
    """A State that the words of a search name, by its code, or "" for people or organizations; and how many of their
    messages are found, at most MOST. `is_more` says that there are more."""

    state: str
    messages: int
    is_more: bool


def list_forums(viewer: Viewer) -> Sequence[Forum]:
    """The forums that the viewer may see, the newest first."""
    statement = select(Forum).where(FORUM_IS_VISIBLE).options(selectinload(Forum.texts)).order_by(Forum.id.desc())
    return db.session.scalars(statement, visible_to(viewer)).all()


def find_named(search: Search, filters: Filters, viewer: Viewer) -> list[Named]:
    """Whom the words name, if they are nothing but a name. Only what the viewer finds decides it."""
    words = {word.folded for word in search.all_words}
    is_a_name = search.terms and not (search.authors or search.leaves_out or search.has_only_stop_words)
    if not is_a_name or search.number is not None or filters.is_of_messages:
        return []
    states = [(code, replace(filters, state=code)) for code in states_called(words)]
    found = [Named(code, *_count(_find_messages(Search(), of_state, viewer)[0])) for code, of_state in states]
    return [one for one in found if one.messages] or _find_named_people(named(search.all_words), filters, viewer)


def _find_named_people(term: Term, filters: Filters, viewer: Viewer) -> list[Named]:
    newest = db.session.scalar(select(func.max(SearchText.id))) or 0
    if newest > WINDOW and all(_are_common(term.said_by, newest)):
        return []
    found, _is_of_newest = _find_messages(Search(authors=(term,)), filters, viewer)
    said_by = select(User.name, Message.speaker, Message.organization, Message.on_behalf_of).distinct()
    said_by = said_by.join(User, User.id == Message.author_id)
    rows = db.session.execute(said_by.where(Message.id.in_([one.key for one in found[:MOST]]))) if found else ()
    return [Named("", *_count(found))] if any(_is_called(row, term) for row in rows) else []


def _count(found: Sequence[Any]) -> tuple[int, bool]:
    return min(len(found), MOST), len(found) > MOST


def _is_called(row: Any, term: Term) -> bool:
    """Whether the words are a part of the name of the person, or the whole name of what the person speaks for."""
    words = {word.folded for word in term.words} - STOP_WORDS
    of_person, *of_others = (
        {word.folded for word in words_of(name)} - STOP_WORDS
        for name in (row.speaker or row.name, row.organization, row.on_behalf_of)
    )
    return words <= of_person or words in of_others


@dataclass(frozen=True)
class _Match:
    """Something found, before it is read for the page."""

    key: int
    at: datetime | None
    words: str = field(repr=False)


def find(search: Search, filters: Filters, *, newest_first: bool, page: int, viewer: Viewer) -> Found:
    """A page of what is found; beyond the last page, the last one."""
    messages, is_of_newest = _find_messages(search, filters, viewer)
    is_of_messages = filters.is_of_messages or search.authors or search.other_authors or not search.terms
    others = [] if is_of_messages else _find_others(search, filters, viewer)
    matches = [*others, *messages]
    if newest_first or not search.terms:
        matches.sort(key=lambda one: (one.at is not None, one.at, one.key), reverse=True)
    else:
        weigh = _weigher(search.terms)
        matches.sort(key=lambda one: (weigh(one.words), one.key), reverse=True)
    total = min(len(matches), MOST)
    page = max(min(page, -(-total // PER_PAGE)), 1)
    shown = matches[:MOST][(page - 1) * PER_PAGE : page * PER_PAGE]
    return Found(_read(shown, viewer), total, page, len(matches) > MOST, is_of_newest)


MEANT: dict[str, Any] = {
    "forum_id": Message.forum_id,
    "group_id": Topic.group_id,
    "question_id": Topic.question_id,
    "capacity": Message.capacity,
    "country": Message.country,
    "organization": Message.organization,
    "language": Message.language,
}


def _find_messages(search: Search, filters: Filters, viewer: Viewer) -> tuple[list[_Match], bool]:
    authors = [_is_author(term) for term in search.authors]
    own_files = (Attachment.message_id == Message.id) & Attachment.removed_at.is_(None)
    statement = select(
        Message.id,
        SearchText.words if search.terms else literal("").label("words"),
        Message.posted_at.label("at"),
        *(MEANT[name] for name, _value in filters.wanted),
        (select(Attachment.id).where(own_files).exists() if filters.with_files else false()).label("has_files"),
    )
    statement = statement.join(SearchText, SearchText.id == Message.id).join(Topic, Topic.id == Message.topic_id)
    statement = statement.join(Group, Group.id == Topic.group_id).join(Forum, Forum.id == Group.forum_id)
    statement = statement.where(
        MESSAGE_IS_VISIBLE,
        Message.status.in_(READABLE),
        *(author.condition for author in authors),
        *(~_is_author(term).condition for term in search.other_authors),
        *_phrases(search),
    )
    found: list[_Match] = []
    checked: set[int] = set()
    newest, is_of_newest = _candidates(search, filters, authors)
    for most in STEPS:
        candidates = newest(most=most)
        is_of_newest = is_of_newest or len(candidates) >= WINDOW
        keys = sorted(set(candidates) - checked, reverse=True)
        checked.update(keys)
        for start in range(0, len(keys), IN_A_STATEMENT):
            part = Message.id.in_(keys[start : start + IN_A_STATEMENT])
            rows = db.session.execute(statement.where(part).order_by(Message.id.desc()), visible_to(viewer))
            found += [_Match(row.id, row.at, row.words) for row in rows if filters.takes_row(row)]
            if len(found) > MOST:
                return found, is_of_newest
        if len(candidates) < most and len(authors) < 2:  # of two, few may be by both at first
            break
    return found, is_of_newest


def _phrases(search: Search) -> list[ColumnElement[bool]]:
    """What the index does not say: that words follow each other, and that a text does not have others."""
    held = [SearchText.words.contains(f" {term.phrase} ") for term in search.terms if len(term.words) > 1]
    for term in search.without:
        is_there = SearchText.words.contains(f" {term.phrase} ") if term.is_exact else _has(term.alternatives)
        held.append(~is_there)
    return held


def _has(tokens: Tokens, row: Any = SearchText) -> ColumnElement[bool]:
    """That a row has one token of each of these sets."""
    if _is_postgresql():
        of_row: ColumnElement[bool] = row.tokens.bool_op("@@")(type_coerce(_tsquery(tokens), TSQUERY))
        return of_row
    stored = literal(" ").concat(type_coerce(row.tokens, Text)).concat(" ")
    return and_(*(or_(*(func.instr(stored, f" {one} ") > 0 for one in sorted(several))) for several in tokens))


@dataclass(frozen=True)
class _Author:
    """Those whom a name may mean: people, the States with these codes, and those named in a message."""

    states: Sequence[str]
    said_by: Tokens

    @property
    def condition(self) -> ColumnElement[bool]:
        person = aliased(SearchText)
        is_named = select(person.id).where(person.id == key_of("person", Message.author_id), _has(self.said_by, person))
        of_person = (Message.speaker == "") & is_named.exists()
        return or_(Message.country.in_(self.states), _has(self.said_by), of_person)

    @cached_property
    def people(self) -> Sequence[int]:
        """The newest of the people."""
        return [kind_of(key)[1] for key in _matching(self.said_by, highest=0, most=MOST_PEOPLE)]

    def keys(self, filters: Filters, most: int) -> set[int]:
        """The numbers of the newest messages of all these people together, and of each State and name."""
        found = {*_matching(self.said_by, lowest=0, most=most), *_of_people(self.people, filters, most)}
        for state in self.states:
            found |= set(_of_state(state, filters, most))
        return found


def _is_author(term: Term) -> _Author:
    states = states_with({word.folded for word in term.words})
    return _Author(sorted(states), term.said_by)


def _in_forum(filters: Filters) -> list[ColumnElement[bool]]:
    return [Message.forum_id == filters.forum.id] if filters.forum else []


def _newest(most: int, *conditions: ColumnElement[bool]) -> Sequence[int]:
    """In the order of one of two indexes: of all messages, whose status is checked with the rights, or of those of a
    forum with a status."""
    statement = select(Message.id).where(*conditions).order_by(Message.posted_at.desc(), Message.id.desc())
    return db.session.scalars(statement.limit(most)).all()


def _of_people(people: Sequence[int], filters: Filters, most: int) -> list[int]:
    """After each person, only those are asked for that are newer than so many of those before."""
    newest: list[Any] = []
    for person in people:
        own = select(Message.posted_at, Message.id).where(Message.author_id == person, *_in_forum(filters))
        if len(newest) == most:
            own = own.where(Message.posted_at >= newest[-1][0])
        own = own.order_by(Message.posted_at.desc(), Message.id.desc()).limit(most)
        newest = sorted([*newest, *map(tuple, db.session.execute(own))], reverse=True)[:most]
    return [number for _at, number in newest]


def _of_state(state: str, filters: Filters, most: int) -> Sequence[int]:
    """Forum by forum, as the index has them: that with the newest message comes first, and of the others only those
    are asked for that are newer than so many of those before."""
    of_forum = (Message.country == state) & (Message.forum_id == Forum.id)
    last = select(func.max(Message.id)).where(of_forum).correlate(Forum).scalar_subquery()
    forums = select(last, Forum.id).where(*([Forum.id == filters.forum.id] if filters.forum else []))
    newest: list[int] = []
    for last_of_forum, forum in sorted((row for row in map(tuple, db.session.execute(forums)) if row[0]), reverse=True):
        own = select(Message.id).where(Message.country == state, Message.forum_id == forum)
        if len(newest) == most:
            if last_of_forum < newest[-1]:
                break
            own = own.where(Message.id > newest[-1])
        own = own.order_by(Message.id.desc()).limit(most)
        newest = sorted([*newest, *db.session.scalars(own)], reverse=True)[:most]
    return newest


def _candidates(
    search: Search, filters: Filters, authors: Sequence[_Author]
) -> tuple[Callable[..., Collection[int]], bool]:
    """What gives the numbers of at most so many candidates, `most`, the newest ones; and whether it looks for them in
    the newest messages alone."""
    if search.terms:
        tokens = [alternative for term in search.terms for alternative in term.alternatives]
        newest = db.session.scalar(select(func.max(SearchText.id))) or 0
        if newest > WINDOW and all(_are_common(tokens, newest)):
            lowest, highest = _window(filters, newest)
            return partial(_matching, tokens, lowest=lowest, highest=highest, is_bounded=True), True
        return partial(_matching, tokens, lowest=0), False
    if authors:
        return partial(_by_all, authors, filters), False
    if filters.state:
        return partial(_of_state, filters.state, filters), False
    return partial(_of_forum, filters) if filters.forum else _newest, False


def _by_all(authors: Sequence[_Author], filters: Filters, most: int) -> Collection[int]:
    return set.intersection(*(author.keys(filters, most) for author in authors))


def _of_forum(filters: Filters, most: int) -> Collection[int]:
    conditions = _in_forum(filters)
    return {key for status in READABLE for key in _newest(most, *conditions, Message.status == status)}


def _window(filters: Filters, newest: int) -> tuple[int, int]:
    """Between which numbers the newest messages are, both excluded: those of the forum if one is chosen."""
    if not filters.forum:
        return newest - WINDOW, newest + 1
    columns = Message.__table__.c
    of_forum = select(columns.id).where(columns.forum_id == filters.forum.id, columns.status == READABLE[0])
    of_forum = of_forum.order_by(columns.posted_at.desc(), columns.id.desc())
    first, last = (db.session.scalar(of_forum.offset(at).limit(1)) for at in (WINDOW, 0))
    return first or 0, (last or 0) + 1


def _are_common(tokens: Tokens, newest: int) -> list[bool]:
    """For each of these sets, whether more than one of ONE_IN messages has one of its tokens: SQLite counts so many,
    PostgreSQL looks at a sample."""
    if not _is_postgresql():
        most = newest // ONE_IN + 1
        return [db.session.scalar(_COUNTED, {"match": _match([one]), "most": most}) == most for one in tokens]
    sampled = [newest * at // SAMPLE for at in range(1, SAMPLE + 1)]
    counts = [func.count().filter(_has([one])) for one in tokens]
    row = db.session.execute(select(*counts).where(SearchText.id.in_(sampled))).one()
    return [count > SAMPLE // ONE_IN for count in row]


def _matching(
    tokens: Tokens, *, lowest: int = -(2**31), highest: int = 2**31, most: int = WINDOW, is_bounded: bool = False
) -> Sequence[int]:
    """The keys, between these two, of at most so many rows with one token of each set: the newest first."""
    if not _is_postgresql():
        asked = {"match": _match(tokens), "lowest": lowest, "highest": highest, "most": most}
        return db.session.scalars(_FOUND_DOWNWARDS if highest > 0 else _FOUND_UPWARDS, asked).all()
    # As in the conditions of the two indexes. Of rare words all rows are read from the index; common ones are found
    # among the rows themselves.
    part = SearchText.id > text("0") if highest > 0 else SearchText.id < text("0")
    found = select(SearchText.id).where(_has(tokens), part)
    if is_bounded:
        within = found.where(SearchText.id > lowest, SearchText.id < highest)
        return db.session.scalars(within.order_by(SearchText.id.desc()).limit(most)).all()
    rows = found.cte("matching").prefix_with("MATERIALIZED")
    newest_first = rows.c.id.desc() if highest > 0 else rows.c.id.asc()
    return db.session.scalars(select(rows.c.id).order_by(newest_first).limit(most)).all()


# Of SQLite's full-text index; the newest of what is no message has the lowest key.
_FOUND_UPWARDS = text(
    "SELECT rowid FROM search_index WHERE search_index MATCH :match AND rowid > :lowest AND rowid < :highest "
    "ORDER BY rowid LIMIT :most"
)
_FOUND_DOWNWARDS = text(_FOUND_UPWARDS.text.replace("ORDER BY rowid", "ORDER BY rowid DESC"))
_COUNTED = text(
    "SELECT count(*) FROM (SELECT rowid FROM search_index WHERE search_index MATCH :match AND rowid > 0 LIMIT :most)"
)


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _match(tokens: Tokens) -> str:
    """What FTS5 looks for. Tokens have no quotation marks."""
    return _joined(tokens, '"', " OR ", " AND ")


def _tsquery(tokens: Tokens) -> str:
    return _joined(tokens, "'", " | ", " & ")


def _joined(tokens: Tokens, mark: str, either: str, both: str) -> str:
    groups = (either.join(f"{mark}{one}{mark}" for one in sorted(several)) for several in tokens)
    return both.join(f"({group})" for group in groups)


def _find_others(search: Search, filters: Filters, viewer: Viewer) -> list[_Match]:
    """Topics and texts of the Secretariat."""
    keys = _matching([one for term in search.terms for one in term.alternatives], highest=0, most=MOST + 1)
    by_kind: dict[str, list[int]] = {}
    for key in keys:
        by_kind.setdefault(kind_of(key)[0], []).append(key)
    found: dict[int, datetime | None] = {}
    for kind, of_kind in by_kind.items():
        own = {kind_of(key)[1]: key for key in of_kind}
        found |= {own[key]: at for key, at in _visible(kind, list(own), filters, viewer)}
    statement = select(SearchText.id, SearchText.words).where(SearchText.id.in_(found), *_phrases(search))
    return [_Match(row.id, found[row.id], row.words) for row in db.session.execute(statement)]


def _visible(kind: str, keys: Collection[int], filters: Filters, viewer: Viewer) -> list[tuple[int, datetime | None]]:
    """Which of these things are meant and may be seen, with their dates."""
    if kind == "topic":
        columns = Topic.id, Topic.created_at.label("at"), Topic.group_id, Topic.question_id, Topic.language
        statement = select(*columns, Group.forum_id, false().label("has_files"))
        statement = statement.join(Group, Group.id == Topic.group_id).join(Forum, Forum.id == Group.forum_id)
        statement = statement.where(Topic.id.in_(keys), TOPIC_IS_VISIBLE, Topic.merged_into_id.is_(None))
        rows = db.session.execute(statement, visible_to(viewer))
        return [(row.id, row.at) for row in rows if filters.takes_row(row)]
    things = _official(kind, keys, viewer)
    return [(thing.id, _date_of(thing)) for thing in things if filters.takes(thing)]


def _date_of(thing: Any) -> datetime | None:
    if isinstance(thing, Document):
        return datetime.combine(thing.dated, time(), UTC) if thing.dated else None
    return thing.published_at if isinstance(thing, Forum) else None


def _official(kind: str, keys: Collection[int], viewer: Viewer) -> Sequence[Any]:
    """Those of these texts of the Secretariat that the viewer may see, with all that a list says of them."""
    model: Any = OFFICIAL.get(kind)
    if model is None:
        return ()
    statement = select(model).where(model.id.in_(keys)).options(selectinload(model.texts))
    if model is Forum:
        statement = statement.where(FORUM_IS_VISIBLE)
    elif model is Page:
        statement = statement.outerjoin(Forum, Forum.id == Page.forum_id)
        statement = statement.where(or_(Page.forum_id.is_(None), FORUM_IS_VISIBLE))
    else:
        statement = statement.join(Forum, Forum.id == model.forum_id).where(FORUM_IS_VISIBLE)
    if model is Document:
        statement = statement.options(selectinload(Document.attachments))
    if model is Group:
        statement = statement.options(selectinload(Group.questions).selectinload(Question.texts))
    return db.session.scalars(statement, visible_to(viewer)).unique().all()


OFFICIAL: dict[str, Any] = {"forum": Forum, "group": Group, "page": Page, "document": Document}


def _weigher(terms: Sequence[Term]) -> Any:
    """A function that says how well a text fits: words in its title count most, then the words as they were typed, then
    their other forms; in a long text, all count a little less."""
    sought = [(f" {term.phrase} ", _beginning(term)) for term in terms]

    def weigh(words: str) -> float:
        title, _line, body = words.partition("\n")
        weight = 0.0
        for exact, beginning in sought:
            forms = min(body.count(beginning), 6)
            weight += min(body.count(exact), 6) + forms / 2
            weight += (6 if exact in title else 3) * (beginning in title)
        return weight / (1 + len(words) / 20_000)

    return weigh


def _beginning(term: Term) -> str:
    """How most forms of a word begin."""
    found = [one.rpartition(":")[2] for several in term.alternatives for one in several]
    return f" {min(found, key=len)}" if len(term.words) == 1 else f" {term.phrase} "


def _read(matches: Sequence[_Match], viewer: Viewer) -> list[Hit]:
    keys: dict[str, list[int]] = {}
    for match in matches:
        kind, own = kind_of(match.key)
        keys.setdefault(kind, []).append(own)
    messages = {one.id: one for one in _messages(keys.get(MESSAGE, ()), viewer)}
    topics = _topics({*keys.get("topic", ()), *(one.topic_id for one in messages.values())})
    things: dict[tuple[str, int], Any] = {
        (kind, thing.id): thing for kind in OFFICIAL if kind in keys for thing in _official(kind, keys[kind], viewer)
    }
    forums = _forums({key for thing in things.values() if (key := _forum_of(thing))})
    of_forums = [thing for thing in things.values() if isinstance(thing, Forum)]
    of_groups = [thing for thing in things.values() if isinstance(thing, Group)]
    annotations = annotations_about(of_forums, of_groups)
    things |= {("topic", key): topic for key, topic in topics.items()}
    things |= {(MESSAGE, number): message for number, message in messages.items()}
    hits = []
    for match in matches:
        kind, own = kind_of(match.key)
        if thing := things.get((kind, own)):
            topic = thing if kind == "topic" else topics.get(getattr(thing, "topic_id", 0))
            forum = topic.group.forum if topic else forums.get(_forum_of(thing) or 0)
            said = [one for one in annotations if _annotated(one) is thing]
            hits.append(Hit(kind, thing, match.at, forum, topic, said))
    return hits


def _annotated(one: Annotation) -> Forum | Group:
    """The forum or the group with which it is found."""
    return one.question.group if one.question else one.group or one.forum


def _forum_of(thing: Any) -> int | None:
    """The key of the forum to which a text of the Secretariat belongs."""
    found: int | None = thing.id if isinstance(thing, Forum) else thing.forum_id
    return found


def _forums(keys: Collection[int]) -> dict[int, Forum]:
    statement = select(Forum).where(Forum.id.in_(keys)).options(selectinload(Forum.texts))
    return {forum.id: forum for forum in db.session.scalars(statement)} if keys else {}


def _messages(numbers: Collection[int], viewer: Viewer) -> Sequence[ShownMessage]:
    statement = VISIBLE_MESSAGES.where(Message.id.in_(numbers))
    return read_messages(statement, visible_to(viewer)) if numbers else ()


def _topics(keys: Collection[int]) -> dict[int, Topic]:
    """With their groups and forums."""
    forum = joinedload(Group.forum).selectinload(Forum.texts)
    statement = (
        select(Topic)
        .where(Topic.id.in_(keys))
        .options(joinedload(Topic.question), joinedload(Topic.group).options(selectinload(Group.texts), forum))
    )
    return {topic.id: topic for topic in db.session.scalars(statement)} if keys else {}
