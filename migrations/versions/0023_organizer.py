"""The organizer of a forum, in each language."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("forum_text") as batch_op:
        batch_op.add_column(sa.Column("organizer", sa.String(200), nullable=False, server_default=""))
    with op.batch_alter_table("forum_text") as batch_op:
        batch_op.alter_column("organizer", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("forum_text") as batch_op:
        batch_op.drop_column("organizer")
