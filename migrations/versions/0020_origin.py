"""Where a forum that was loaded from its archive was held."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(200), nullable=False, server_default=""))
    with op.batch_alter_table("forum") as batch_op:
        batch_op.alter_column("origin", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.drop_column("origin")
