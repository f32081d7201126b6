"""When messages were published, and the lanes of the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEPT = {"sqlite_autoincrement": True}  # a number of a message is never used again


def upgrade() -> None:
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.add_column(sa.Column("published_at", sa.DateTime(), nullable=True))
    # The best that is known of the messages published so far.
    op.execute("UPDATE message SET published_at = posted_at WHERE position IS NOT NULL")
    op.create_index("ix_message_forum_published", "message", ["forum_id", "published_at", "id"])
    op.create_index("ix_message_topic_published", "message", ["topic_id", "published_at"])
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("lane", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_column("lane")
    op.drop_index("ix_message_topic_published", "message")
    op.drop_index("ix_message_forum_published", "message")
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.drop_column("published_at")
