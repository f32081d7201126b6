"""What searches look in. `flask upgrade` and `make run` fill it; after `flask db upgrade`, `flask search rebuild`
does."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "search_text",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text() if is_sqlite else postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_text")),
    )
    if is_sqlite:
        for statement in INDEX:
            op.execute(statement)
    else:
        for of, part in (("messages", "id > 0"), ("others", "id < 0")):
            op.create_index(
                f"ix_search_text_tokens_of_{of}",
                "search_text",
                ["tokens"],
                postgresql_using="gin",
                postgresql_where=sa.text(part),
            )
    op.create_index("ix_message_country_forum", "message", ["country", "forum_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_message_country_forum", "message")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_text")
