"""An index for the latest annotations."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("annotation") as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_written_at"), ["written_at"])


def downgrade() -> None:
    with op.batch_alter_table("annotation") as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_written_at"))
