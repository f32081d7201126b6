"""Whose data a mail holds, whatever address it goes to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_mail_user_id_user"), "user", ["user_id"], ["id"], ondelete="CASCADE")
        batch_op.create_index(batch_op.f("ix_mail_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_user_id"))
        batch_op.drop_constraint(batch_op.f("fk_mail_user_id_user"), type_="foreignkey")
        batch_op.drop_column("user_id")
