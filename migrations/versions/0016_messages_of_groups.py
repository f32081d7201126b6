"""The number of messages of each group."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
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
    with op.batch_alter_table("group") as batch_op:
        batch_op.alter_column("message_count", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("group") as batch_op:
        batch_op.drop_column("message_count")
