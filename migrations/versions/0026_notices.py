"""Which emails are notices, which no address that refuses emails gets, and the choice about announcements."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("is_notice", sa.Boolean(), server_default=sa.false(), nullable=False))
    names = ("kind", "forum_id", "receipt_of_id", "announcement_id")
    mail = sa.table("mail", sa.column("is_notice", sa.Boolean), *map(sa.column, names))
    is_notice = sa.or_(*(mail.c[name].is_not(None) for name in names))
    op.execute(mail.update().where(is_notice).values(is_notice=True))
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("mail_announcements", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("mail_announcements")
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_column("is_notice")
