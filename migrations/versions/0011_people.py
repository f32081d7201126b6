"""People invited by e-mail, State and capacity confirmed by the Secretariat, and locks of sign-in that were lifted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEPT = {"sqlite_autoincrement": True}  # a number of a message is never used again


def upgrade() -> None:
    op.create_table(
        "invitee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("organization", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("capacity", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("invited_at", sa.DateTime(), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"], name=op.f("fk_invitee_forum_id_forum"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["invited_by_id"], ["user.id"], name=op.f("fk_invitee_invited_by_id_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_invitee_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitee")),
        sa.UniqueConstraint("forum_id", "email", name=op.f("uq_invitee_forum_id_email")),
    )
    with op.batch_alter_table("invitee") as batch_op:
        batch_op.create_index(batch_op.f("ix_invitee_email"), ["email"])
        batch_op.create_index(batch_op.f("ix_invitee_user_id"), ["user_id"])
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("profile_confirmed_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("locks_lifted", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("user") as batch_op:
        batch_op.alter_column("locks_lifted", server_default=None)
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.add_column(sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.alter_column("confirmed", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("message", table_kwargs=KEPT) as batch_op:
        batch_op.drop_column("confirmed")
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("locks_lifted")
        batch_op.drop_column("profile_confirmed_at")
    op.drop_table("invitee")
