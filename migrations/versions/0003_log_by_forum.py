"""The forum of each entry of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Where the key of the forum stands of what the entries of a kind are about.
FORUM_OF = {
    "forums": "SELECT id FROM forum AS thing",
    "forum-pages": "SELECT thing.forum_id FROM page AS thing",
    "groups": 'SELECT thing.forum_id FROM "group" AS thing',
    "questions": 'SELECT owner.forum_id FROM question AS thing JOIN "group" AS owner ON owner.id = thing.group_id',
    "notices": "SELECT thing.forum_id FROM notice AS thing",
    "documents": "SELECT thing.forum_id FROM document AS thing",
    "periods": "SELECT thing.forum_id FROM period AS thing",
}
ENTRY = sa.table("log_entry", sa.column("kind"), sa.column("forum_id"))


def upgrade() -> None:
    with op.batch_alter_table("log_entry") as batch_op:
        batch_op.add_column(sa.Column("forum_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_log_entry_forum_id"), ["forum_id"], unique=False)
    for kind, forum in FORUM_OF.items():
        found = sa.text(f"({forum} WHERE thing.id = log_entry.subject_id)")
        op.execute(ENTRY.update().where(ENTRY.c.kind == kind).values(forum_id=found))


def downgrade() -> None:
    with op.batch_alter_table("log_entry") as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_entry_forum_id"))
        batch_op.drop_column("forum_id")
