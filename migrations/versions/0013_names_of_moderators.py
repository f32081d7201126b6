"""Whether the head of a forum names its moderators."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.add_column(sa.Column("names_moderators", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("forum") as batch_op:
        batch_op.alter_column("names_moderators", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.drop_column("names_moderators")
