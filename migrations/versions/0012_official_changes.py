"""Changes of official texts in public sight, former addresses, and the date of archiving of what was taken out."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "official_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=True),
        sa.Column("after_archiving", sa.Boolean(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"], ["forum.id"], name=op.f("fk_official_change_forum_id_forum"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_change")),
    )
    with op.batch_alter_table("official_change") as batch_op:
        batch_op.create_index(batch_op.f("ix_official_change_forum_id"), ["forum_id"], unique=False)
        batch_op.create_index("ix_official_change_kind_thing_id", ["kind", "thing_id"], unique=False)
    op.create_table(
        "former_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("forum_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("page_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_former_address_{column}_{table}"), ondelete="CASCADE"
            )
            for column, table in (
                ("owner_id", "forum"),
                ("forum_id", "forum"),
                ("group_id", "group"),
                ("page_id", "page"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_address")),
    )
    op.create_index("ix_former_address_slug", "former_address", ["slug"], unique=False)
    with op.batch_alter_table("forum") as batch_op:
        batch_op.add_column(sa.Column("archived_before", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("forum") as batch_op:
        batch_op.drop_column("archived_before")
    op.drop_table("former_address")
    op.drop_table("official_change")
