"""Summaries, what became of contributions, and messages that were entered after the deadline."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEPT = {"sqlite_autoincrement": True}  # a number of a message is never used again
OF_A_FORUM = sa.text("group_id IS NULL AND question_id IS NULL AND message_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "annotation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(), nullable=True),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"], [f"{table}.id"], name=op.f(f"fk_annotation_{table}_id_{table}"), ondelete="CASCADE"
            )
            for table in ("forum", "group", "question", "message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
        sa.UniqueConstraint("group_id", "kind", name=op.f("uq_annotation_group_id_kind")),
        sa.UniqueConstraint("question_id", "kind", name=op.f("uq_annotation_question_id_kind")),
        sa.UniqueConstraint("message_id", name=op.f("uq_annotation_message_id")),
    )
    op.create_index("ix_annotation_forum_id", "annotation", ["forum_id"], unique=False)
    op.create_index(
        "uq_annotation_of_forum",
        "annotation",
        ["forum_id", "kind"],
        unique=True,
        sqlite_where=OF_A_FORUM,
        postgresql_where=OF_A_FORUM,
    )
    op.create_table(
        "annotation_text",
        sa.Column("annotation_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("outdated_since", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["annotation_id"],
            ["annotation.id"],
            name=op.f("fk_annotation_text_annotation_id_annotation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("annotation_id", "language", name=op.f("pk_annotation_text")),
    )
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.add_column(sa.Column("received_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("after_deadline", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.alter_column("after_deadline", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.drop_column("after_deadline")
        batch_op.drop_column("received_on")
    op.drop_table("annotation_text")
    op.drop_table("annotation")
