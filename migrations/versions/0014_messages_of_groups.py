"""The number of messages of each group; the latest public message of each topic, by which lists are sorted."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("group") as batch_op:
        batch_op.add_column(sa.Column("message_count", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        'UPDATE "group" SET message_count ='
        ' (SELECT coalesce(sum(message_count), 0) FROM topic WHERE topic.group_id = "group".id)'
    )
    op.execute(
        "UPDATE topic SET active_at = coalesce((SELECT max(posted_at) FROM message"
        " WHERE message.topic_id = topic.id AND message.status = 'published'), created_at)"
        " WHERE last_position > message_count"
    )
    with op.batch_alter_table("group") as batch_op:
        batch_op.alter_column("message_count", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("group") as batch_op:
        batch_op.drop_column("message_count")
