"""Counters of forums, groups and questions, the forum of each message, and the order of lists of topics."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEPT = {"sqlite_autoincrement": True}  # a number is never used again
IS_SPOKEN = sa.text("speaker <> ''")
STANDING = (
    "CASE WHEN merged_into_id IS NOT NULL THEN NULL"
    " WHEN last_position = 0 THEN CASE WHEN pinned_at IS NULL THEN -2 ELSE -1 END"
    " WHEN message_count = 0 THEN CASE WHEN pinned_at IS NULL THEN 0 ELSE 1 END"
    " WHEN pinned_at IS NULL THEN 2 ELSE 3 END"
)
COUNTERS = {
    "forum": ("message_count", "speaker_count"),
    "group": ("topic_count",),
    "question": ("topic_count", "message_count"),
}
FORUM_OF_MESSAGE = """
UPDATE message SET forum_id = (
    SELECT g.forum_id FROM topic JOIN "group" AS g ON g.id = topic.group_id WHERE topic.id = message.topic_id
)
"""
COUNT_GROUPS = """
UPDATE "group" SET topic_count = (
    SELECT count(*) FROM topic WHERE topic.group_id = "group".id AND topic.standing >= 0
)
"""
COUNT_QUESTIONS = """
UPDATE question SET
    topic_count = (SELECT count(*) FROM topic WHERE topic.question_id = question.id AND topic.standing >= 0),
    message_count = (SELECT coalesce(sum(message_count), 0) FROM topic WHERE topic.question_id = question.id)
"""
COUNT_FORUMS = """
UPDATE forum SET
    message_count = (SELECT count(*) FROM message WHERE forum_id = forum.id AND status = 'published'),
    speaker_count = (
        SELECT count(DISTINCT CASE WHEN speaker = '' THEN CAST(author_id AS VARCHAR) ELSE '~' || speaker END)
        FROM message WHERE forum_id = forum.id AND status = 'published'
    ),
    first_at = (SELECT min(posted_at) FROM message WHERE forum_id = forum.id AND status = 'published'),
    last_at = (SELECT max(posted_at) FROM message WHERE forum_id = forum.id AND status = 'published')
"""


def upgrade() -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.add_column(sa.Column("forum_id", sa.Integer(), nullable=True))
    op.execute(FORUM_OF_MESSAGE)
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.alter_column("forum_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(batch_op.f("fk_message_forum_id_forum"), "forum", ["forum_id"], ["id"])
        batch_op.create_index("ix_message_forum_status", ["forum_id", "status", "posted_at", "id"])
        batch_op.create_index("ix_message_author_status", ["author_id", "status", "forum_id", "speaker", "topic_id"])
        batch_op.create_index(
            "ix_message_spoken", ["forum_id", "speaker"], sqlite_where=IS_SPOKEN, postgresql_where=IS_SPOKEN
        )

    with op.batch_alter_table("topic") as batch_op:
        batch_op.drop_index("ix_topic_group_active")
        batch_op.drop_index(batch_op.f("ix_topic_question_id"))
        batch_op.add_column(sa.Column("standing", sa.Integer(), sa.Computed(STANDING, persisted=True), nullable=True))
        batch_op.create_index("ix_topic_group_listed", ["group_id", "standing", "active_at", "id"])
        batch_op.create_index("ix_topic_question_listed", ["question_id", "standing", "active_at", "id"])

    for table, columns in COUNTERS.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.add_column(sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("forum") as batch_op:
        batch_op.add_column(sa.Column("first_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("last_at", sa.DateTime(), nullable=True))
    for statement in (COUNT_GROUPS, COUNT_QUESTIONS, COUNT_FORUMS):
        op.execute(statement)
    # The defaults were for the rows there were; new rows get their values from the application.
    for table, columns in COUNTERS.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.drop_column("last_at")
        batch_op.drop_column("first_at")
    for table, columns in COUNTERS.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column)

    with op.batch_alter_table("topic") as batch_op:
        batch_op.drop_index("ix_topic_question_listed")
        batch_op.drop_index("ix_topic_group_listed")
        batch_op.drop_column("standing")
        batch_op.create_index(batch_op.f("ix_topic_question_id"), ["question_id"], unique=False)
        batch_op.create_index("ix_topic_group_active", ["group_id", "active_at"], unique=False)

    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.drop_index("ix_message_spoken", sqlite_where=IS_SPOKEN, postgresql_where=IS_SPOKEN)
        batch_op.drop_index("ix_message_author_status")
        batch_op.drop_index("ix_message_forum_status")
        batch_op.drop_constraint(batch_op.f("fk_message_forum_id_forum"), type_="foreignkey")
        batch_op.drop_column("forum_id")
