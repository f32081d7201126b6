"""The acts for which a reason is offered."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reason") as batch_op:
        batch_op.add_column(sa.Column("acts", sa.JSON(), nullable=False, server_default="[]"))
    # The default was for the reasons there were, which are offered for every act.
    with op.batch_alter_table("reason") as batch_op:
        batch_op.alter_column("acts", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("reason") as batch_op:
        batch_op.drop_column("acts")
