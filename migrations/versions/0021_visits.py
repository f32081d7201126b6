"""Visits of signed-in people, and messages by when they were published, across forums."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("visit_began_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("new_since", sa.DateTime(), nullable=True))
    op.create_index("ix_message_published", "message", ["published_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_message_published", "message")
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("new_since")
        batch_op.drop_column("visit_began_at")
