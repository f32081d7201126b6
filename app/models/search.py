"""What searches look in: one row for each message, topic, forum, group, page, document and account."""

from typing import Any

from sqlalchemy import DDL, Dialect, Index, Integer, Text, TypeDecorator, event, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import ExecutableDDLElement

from app.database import Base


class Tokens(TypeDecorator[Any]):
    """A set of tokens without spaces and quotation marks: a `tsvector` without positions, or a text of words."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else {token.strip("'") for token in value.split()}

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        mark = "'" if dialect.name == "postgresql" else ""
        return None if value is None else " ".join(f"{mark}{token}{mark}" for token in sorted(value))


def _index(name: str, part: str) -> Index:
    """PostgreSQL's index of the tokens of a part of the rows."""
    return Index(name, "tokens", postgresql_using="gin", postgresql_where=text(part)).ddl_if(dialect="postgresql")


class SearchText(Base):
    """A text as searches compare it (app/search/index.py), written in the transaction that writes the text.

    The key of a message is its number, so the newest are the highest; all others are below 0. `words` are the folded
    words in their order, each between spaces, with a line break after those of the title.
    """

    __tablename__ = "search_text"
    __table_args__ = (
        _index("ix_search_text_tokens_of_messages", "id > 0"),
        _index("ix_search_text_tokens_of_others", "id < 0"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)
    tokens: Mapped[Any] = mapped_column(Tokens)


# SQLite's full-text index of the tokens, which its triggers keep as they are in the table. It needs neither positions
# nor lengths: phrases are looked for in `words`. Every character of a token belongs to it.
INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_text', content_rowid='id', "
    "detail='none', columnsize=0, tokenize=\"ascii tokenchars ':'\")",
    "CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN "
    "INSERT INTO search_index (rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_text_deleted AFTER DELETE ON search_text BEGIN "
    "INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text BEGIN "
    "INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); "
    "INSERT INTO search_index (rowid, tokens) VALUES (new.id, new.tokens); END",
)


def _in_sqlite(statement: str) -> ExecutableDDLElement:
    return DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]


for _statement in INDEX:
    event.listen(SearchText.__table__, "after_create", _in_sqlite(_statement))
event.listen(SearchText.__table__, "before_drop", _in_sqlite("DROP TABLE IF EXISTS search_index"))


def is_compared(_thing: object, name: str | None, _kind: str, _is_reflected: bool, _other: object) -> bool:
    """For Alembic: whether both databases should have this table or index, as models have it."""
    return not (name or "").startswith(("search_index", "ix_search_text_tokens"))
