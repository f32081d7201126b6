"""What searches look in, written in the transaction that writes the text.

The session itself says which texts have changed, by its flushes and by statements that change many rows at once, and
their rows are built again from the database before it commits, so no action has to remember this. A message is in the
index while its text can be read; who may find it is decided when searching, by app/permissions.py.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnClause, case, delete, event, func, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, object_session
from sqlalchemy.sql.visitors import iterate

from app.database import LOCKED, in_parts
from app.extensions import db, transaction
from app.forums.annotation_queries import ANNOTATED_GROUP
from app.forums.topic_queries import READABLE
from app.markup import text_of
from app.models import (
    Annotation,
    AnnotationText,
    Attachment,
    Document,
    DocumentText,
    Forum,
    ForumText,
    Group,
    GroupText,
    Message,
    Page,
    PageText,
    Question,
    QuestionText,
    SearchText,
    Topic,
    User,
)
from app.search.tokens import by, tokens, words_of

BATCH = 500  # messages in a transaction, when the index is filled
DUE = "search_due"  # in `Session.info`: the keys of what the current transaction has changed

# Messages have their own numbers as keys; the key of anything else is `-(own key * KINDS + place of its kind)`.
MESSAGE = "message"
OTHERS = ("topic", "forum", "group", "page", "document", "person")
KINDS = 8
SEPARATED = " \n "


def key_of(kind: str, own: Any) -> Any:
    """The key of a row of the index; of a column, that of its value."""
    return own if kind == MESSAGE else -(own * KINDS + OTHERS.index(kind))


def kind_of(key: int) -> tuple[str, int]:
    """The kind and the key of what a row of the index is about."""
    return (MESSAGE, key) if key > 0 else (OTHERS[-key % KINDS], -key // KINDS)


class Source(NamedTuple):
    """A table with words: the columns that matter here, and of what they are a part: its kind and its column here."""

    columns: frozenset[str]
    owners: Mapping[str, str]


def _source(columns: str, **owners: str) -> Source:
    return Source(frozenset([*columns.split(), *owners.values()]), owners)


SOURCES: dict[type[Any], Source] = {
    Message: _source("html language status speaker organization on_behalf_of", message="id"),
    Attachment: _source("name removed_at", message="message_id", document="document_id"),
    Topic: _source("title language", topic="id"),
    Forum: _source("", forum="id"),
    ForumText: _source("title short_title description remarks about_html mandate_html", forum="forum_id"),
    Group: _source("", group="id"),
    GroupText: _source("title introduction_html remarks_html", group="group_id"),
    Question: _source("number", group="group_id"),
    QuestionText: _source("text", question="question_id"),
    Annotation: _source("", forum="forum_id", group="group_id", question="question_id"),
    AnnotationText: _source("html", annotation="annotation_id"),
    Page: _source("", page="id"),
    PageText: _source("title description html", page="page_id"),
    Document: _source("symbol", document="id"),
    DocumentText: _source("title note", document="document_id"),
    User: _source("name former_number", person="id"),
}


@event.listens_for(db.session, "after_flush")
def _note_flush(session: Session, _context: Any) -> None:
    for thing in chain(session.new, session.dirty):
        source = SOURCES.get(type(thing))
        if source and (thing in session.new or _has_changed(thing, source)):
            _note(session, thing, source)


def _note_deletion(_mapper: Any, _connection: Any, thing: Any) -> None:
    """The session does not list what is deleted because it was taken out of a list of its owner."""
    if session := object_session(thing):
        _note(session, thing, SOURCES[type(thing)])


for _model in SOURCES:
    event.listen(_model, "after_delete", _note_deletion)


def _note(session: Session, thing: Any, source: Source) -> None:
    owned = {(kind, key) for kind, name in source.owners.items() if (key := getattr(thing, name))}
    session.info.setdefault(DUE, set()).update(owned)


def _has_changed(thing: Any, source: Source) -> bool:
    state = inspect(thing)
    return any(state.attrs[name].history.has_changes() for name in source.columns)


@event.listens_for(db.session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    """A statement that changes or deletes many rows."""
    mapper = state.bind_mapper if state.is_update or state.is_delete else None
    source = SOURCES.get(mapper.class_) if mapper else None
    if mapper is None or source is None:
        return
    statement: Any = state.statement
    if isinstance(state.parameters, Sequence):  # rows of values, each with its key
        if source.columns & set().union(*state.parameters) - {"id"}:
            raise TypeError(
                f"no statement changes rows of {mapper.class_.__name__} one by one: the index would miss it"
            )
        return
    named = {part.key for part in iterate(statement) if isinstance(part, ColumnClause)}
    if state.is_delete or source.columns & named - set(source.owners.values()):
        columns = [getattr(mapper.class_, name) for name in source.owners.values()]
        rows = state.session.execute(select(*columns).where(statement.whereclause), state.parameters or {})
        found = {(kind, key) for row in rows for kind, key in zip(source.owners, row, strict=True) if key}
        state.session.info.setdefault(DUE, set()).update(found)


@event.listens_for(db.session, "before_commit")
def _write_due(session: Session) -> None:
    session.flush()
    if due := session.info.pop(DUE, None):
        write(session, due)


@event.listens_for(db.session, "after_rollback")
def _forget_due(session: Session) -> None:
    session.info.pop(DUE, None)


def write(session: Session, due: Iterable[tuple[str, int]]) -> None:
    """Make the rows of these things, by kind and key, what they should be now. Inside a transaction."""
    wanted: dict[str, set[int]] = {}
    for kind, key in due:
        wanted.setdefault(kind, set()).add(key)
    if annotations := wanted.pop("annotation", None):
        columns = Annotation.forum_id, Annotation.group_id, Annotation.question_id
        for owners in session.execute(select(*columns).where(Annotation.id.in_(annotations))):
            for kind, own in zip(("forum", "group", "question"), owners, strict=True):
                wanted.setdefault(kind, set()).update([own] if own else ())
    if questions := wanted.pop("question", None):
        found = session.scalars(select(Question.group_id).where(Question.id.in_(questions)))
        wanted.setdefault("group", set()).update(found)
    keys = [key_of(kind, own) for kind, owns in wanted.items() for own in owns]
    for part in in_parts(keys):  # in one order, so that no two transactions wait for each other
        locked = select(SearchText.id).where(SearchText.id.in_(part)).order_by(SearchText.id)
        session.execute(locked.with_for_update(**LOCKED)).all()
    made = {row.id: row for kind, owns in wanted.items() for row in rows_of(session, kind, owns)}
    for part in in_parts(set(keys) - set(made)):
        session.execute(delete(SearchText).where(SearchText.id.in_(part)))
    store(session, made.values())


class Row(NamedTuple):
    """A row of the index."""

    id: int
    words: str
    tokens: Set[str]

    def of(self, key: int, said_by: str) -> "Row":
        """The same text in another message."""
        return Row(key, self.words, self.tokens | {by(word) for word in words_of(said_by)})


def store(session: Session, rows: Collection[Row]) -> None:
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(SearchText)
    renewed = {name: statement.excluded[name] for name in ("words", "tokens")}
    statement = statement.on_conflict_do_update(index_elements=["id"], set_=renewed)
    session.connection().execute(statement, [{"id": one.id, "words": one.words, "tokens": one.tokens} for one in rows])


def rows_of(session: Session, kind: str, keys: Collection[int]) -> Iterator[Row]:
    """The rows of those of these things that have one."""
    for part in in_parts(keys):
        yield from ROWS[kind](session, part)


class Text(NamedTuple):
    """A text in a language, with a title or without; `title` and `body` are plain."""

    language: str
    title: str
    body: str


def row(key: int, texts: Iterable[Text], said_by: str = "") -> Row:
    """The row of these texts, which are all about the same; `said_by` says who speaks."""
    found: set[str] = {by(word) for word in words_of(said_by)}
    lines: tuple[list[str], list[str]] = [], []
    for one in texts:
        for words, part in zip(lines, (one.title, one.body), strict=True):
            for line in part.split("\n"):
                for word in words_of(line):
                    words.append(word.folded)
                    found |= tokens(word, one.language)
                words.append("|")  # no phrase goes on from one text to the next
    return Row(key, " ".join(["", *lines[0], "\n", *lines[1], ""]), found)


def _messages(session: Session, numbers: list[int]) -> Iterator[Row]:
    names = _names_of_files(session, Attachment.message_id, numbers)
    columns = (Message.id, Message.html, Message.language, Message.speaker, Message.organization, Message.on_behalf_of)
    statement = select(*columns).where(Message.id.in_(numbers), Message.status.in_(READABLE)).order_by(Message.id)
    for one in session.execute(statement):
        said_by = f"{one.speaker} · {one.organization} · {one.on_behalf_of}"
        parts = [text_of(one.html), *names.get(one.id, ())]
        yield row(one.id, (Text(one.language, "", part) for part in parts), said_by)


def _names_of_files(session: Session, owner: Any, keys: list[int]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    statement = select(owner, Attachment.name).where(owner.in_(keys), Attachment.removed_at.is_(None))
    for key, name in session.execute(statement.order_by(Attachment.id)):
        names.setdefault(key, []).append(name)
    return names


def _topics(session: Session, keys: list[int]) -> Iterator[Row]:
    for one in session.execute(select(Topic.id, Topic.title, Topic.language).where(Topic.id.in_(keys))):
        yield row(key_of("topic", one.id), [Text(one.language, one.title, "")])


def _people(session: Session, keys: list[int]) -> Iterator[Row]:
    """People whose name can be searched for as an author; they are found by what they have written. Of organizations,
    only those that messages name are known."""
    stand = User.former_number.is_(None)
    for one in session.execute(select(User.id, User.name).where(User.id.in_(keys), stand)):
        yield row(key_of("person", one.id), (), one.name)


class Official(NamedTuple):
    """Texts of the Secretariat by language: which column says of what they are, and which are titles."""

    model: type[Any]
    owner: Any
    titles: tuple[str, ...]
    bodies: tuple[str, ...]
    joined: Callable[[Any], Any] = lambda statement: statement


def _with_questions(statement: Any) -> Any:
    return statement.join(Question, Question.id == QuestionText.question_id).order_by(Question.number)


def _with_annotations(statement: Any) -> Any:
    """Those of a forum, a group or a question; what became of a message stands with the message."""
    statement = statement.join(Annotation, Annotation.id == AnnotationText.annotation_id)
    statement = statement.outerjoin(Question, Question.id == Annotation.question_id)
    return statement.where(Annotation.message_id.is_(None)).order_by(Annotation.id)


OFFICIAL = {
    "forum": [
        Official(
            ForumText,
            ForumText.forum_id,
            ("title", "short_title"),
            ("description", "remarks", "about_html", "mandate_html"),
        ),
        Official(
            AnnotationText,
            case((ANNOTATED_GROUP.is_(None), Annotation.forum_id)),
            (),
            ("html",),
            _with_annotations,
        ),
    ],
    "group": [
        Official(GroupText, GroupText.group_id, ("title",), ("introduction_html", "remarks_html")),
        Official(QuestionText, Question.group_id, (), ("text",), _with_questions),
        Official(AnnotationText, ANNOTATED_GROUP, (), ("html",), _with_annotations),
    ],
    "page": [Official(PageText, PageText.page_id, ("title",), ("description", "html"))],
    "document": [Official(DocumentText, DocumentText.document_id, ("title",), ("note",))],
}


def _official(kind: str) -> Callable[[Session, list[int]], Iterator[Row]]:
    """The rows of this kind: what they say in all languages together, since they are one thing."""

    def rows(session: Session, keys: list[int]) -> Iterator[Row]:
        texts: dict[int, list[Text]] = {}
        for of_kind in OFFICIAL[kind]:
            for own, found in _texts(session, of_kind, keys):
                texts.setdefault(own, []).append(found)
        if kind == "document":
            _add_symbols_and_files(session, texts)
        for own, together in texts.items():
            yield row(key_of(kind, own), together)

    return rows


def _texts(session: Session, of_kind: Official, keys: list[int]) -> Iterator[tuple[int, Text]]:
    model, owner, titles, bodies, joined = of_kind
    columns = [getattr(model, name) for name in (*titles, *bodies)]
    statement = select(owner, model.language, *columns).where(owner.in_(keys)).order_by(owner, model.language)
    for own, language, *values in session.execute(joined(statement)):
        said = [
            text_of(value) if name.endswith("html") else value
            for name, value in zip((*titles, *bodies), values, strict=True)
        ]
        yield own, Text(language, SEPARATED.join(said[: len(titles)]), SEPARATED.join(said[len(titles) :]))


def _add_symbols_and_files(session: Session, texts: dict[int, list[Text]]) -> None:
    names = _names_of_files(session, Attachment.document_id, list(texts))
    for one in session.execute(select(Document.id, Document.symbol).where(Document.id.in_(texts))):
        texts[one.id].append(Text("", one.symbol, SEPARATED.join(names.get(one.id, ()))))


ROWS: dict[str, Callable[[Session, list[int]], Iterator[Row]]] = {
    MESSAGE: _messages,
    "topic": _topics,
    "person": _people,
    **{kind: _official(kind) for kind in OFFICIAL},
}
MODELS: dict[str, Any] = {
    MESSAGE: Message,
    "topic": Topic,
    "forum": Forum,
    "group": Group,
    "page": Page,
    "document": Document,
    "person": User,
}


def newest_message() -> int:
    """The highest number of a message, 0 if there is none."""
    return db.session.scalar(select(func.max(Message.id))) or 0


def messages_after(number: int) -> Sequence[int]:
    """The higher numbers of messages, in order."""
    return db.session.scalars(select(Message.id).where(Message.id > number).order_by(Message.id)).all()


def complete(tell: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Add what a site from before has that is not in the index yet; the number of rows. The newest messages come first,
    so the oldest is there once all are, and this ends at once."""
    missing = sorted(set(_keys_of_others()) - set(db.session.scalars(select(SearchText.id).where(SearchText.id < 0))))
    oldest = db.session.scalar(select(func.min(SearchText.id)).where(SearchText.id > 0))
    is_missing = Message.status.in_(READABLE) & (Message.id < oldest if oldest else Message.id > 0)
    missing += db.session.scalars(select(Message.id).where(is_missing).order_by(Message.id.desc()))
    _write_in_parts(missing, tell)
    return len(missing)


def rebuild(tell: Callable[[int, int], None]) -> int:
    """Build all rows again, while searches go on. Returns the number of rows."""
    with transaction():
        if not _is_sound():
            db.session.execute(text("INSERT INTO search_index (search_index) VALUES ('rebuild')"))
    _write_in_parts(_all_keys(), tell)
    return db.session.scalar(select(func.count(SearchText.id))) or 0


def check(tell: Callable[[int, int], None]) -> list[int]:
    """The keys of the rows that are not what they should be, and 0 if SQLite's index is not that of the rows."""
    wrong, keys = [], _all_keys()
    for start in range(0, len(keys), BATCH):
        wrong += _wrong_among(keys[start : start + BATCH])
        tell(min(start + BATCH, len(keys)), len(keys))
    with transaction():
        return wrong if _is_sound() else [*wrong, 0]


def _wrong_among(keys: list[int]) -> list[int]:
    wanted: dict[str, list[int]] = {}
    for kind, own in map(kind_of, keys):
        wanted.setdefault(kind, []).append(own)
    should = {made.id: made for kind, owns in wanted.items() for made in rows_of(db.session(), kind, owns)}
    statement = select(SearchText.id, SearchText.words, SearchText.tokens).where(SearchText.id.in_(keys))
    stored = {one.id: Row(*one) for one in db.session.execute(statement)}
    return [key for key in keys if should.get(key) != stored.get(key)]


def _all_keys() -> list[int]:
    """Those of everything that may have a row, and of all rows: first the others, then the messages."""
    statements = select(Message.id), select(SearchText.id)
    return sorted({*_keys_of_others(), *(key for one in statements for key in db.session.scalars(one))})


def _keys_of_others() -> Iterator[int]:
    for kind in OTHERS:
        is_indexed = User.former_number.is_(None) if kind == "person" else MODELS[kind].id > 0
        if kind in OFFICIAL:
            is_indexed = is_indexed & MODELS[kind].texts.any()
        yield from (key_of(kind, own) for own in db.session.scalars(select(MODELS[kind].id).where(is_indexed)))


def _write_in_parts(keys: list[int], tell: Callable[[int, int], None]) -> None:
    for start in range(0, len(keys), BATCH):
        with transaction():
            write(db.session(), map(kind_of, keys[start : start + BATCH]))
        tell(min(start + BATCH, len(keys)), len(keys))


def _is_sound() -> bool:
    """Whether SQLite's full-text index is that of the rows. Inside a transaction, as if it were written."""
    if db.engine.dialect.name != "sqlite":
        return True
    try:
        db.session.execute(text("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"))
    except OperationalError:  # as when another process is writing
        raise
    except DatabaseError:
        return False
    return True
