"""The difference between each wording of a message and the next, made for those that there are."""

import sqlalchemy as sa
from alembic import op

from app.difference import compare

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MESSAGE = sa.table("message", sa.column("id", sa.Integer), sa.column("body", sa.Text))
REVISION = sa.table(
    "revision",
    sa.column("id", sa.Integer),
    sa.column("message_id", sa.Integer),
    sa.column("body", sa.Text),
    sa.column("difference", sa.JSON),
)


def upgrade() -> None:
    with op.batch_alter_table("revision") as batch_op:
        batch_op.add_column(sa.Column("difference", sa.JSON(), server_default="[]", nullable=False))
    changed = sa.select(MESSAGE.c.id).where(MESSAGE.c.id.in_(sa.select(REVISION.c.message_id)))
    for number in op.get_bind().scalars(changed).all():
        _compare_wordings(number)
    with op.batch_alter_table("revision") as batch_op:
        batch_op.alter_column("difference", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("revision") as batch_op:
        batch_op.drop_column("difference")


def _compare_wordings(number: int) -> None:
    """From the last revision, which led to what the message says now, back to the first one."""
    connection = op.get_bind()
    later = connection.scalar(sa.select(MESSAGE.c.body).where(MESSAGE.c.id == number))
    kept = sa.select(REVISION.c.id).where(REVISION.c.message_id == number).order_by(REVISION.c.id.desc())
    for key in connection.scalars(kept).all():
        its_own = REVISION.c.id == key
        earlier = connection.scalar(sa.select(REVISION.c.body).where(its_own))
        connection.execute(REVISION.update().where(its_own).values(difference=compare(earlier, later)))
        later = earlier
