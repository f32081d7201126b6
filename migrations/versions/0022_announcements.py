"""Announcements of the Secretariat, and to which of them, or to which message, an email belongs."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("opens_at", sa.DateTime(), nullable=True),
        sa.Column("deadline", sa.DateTime(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("last_invitee_id", sa.Integer(), nullable=False),
        sa.Column("last_user_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(), nullable=True),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"], ["forum.id"], name=op.f("fk_announcement_forum_id_forum"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_announcement_made_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_index(op.f("ix_announcement_forum_id"), "announcement", ["forum_id"])
    op.create_index(op.f("ix_announcement_settled_at"), "announcement", ["settled_at"])
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("receipt_of_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("announcement_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_mail_receipt_of_id_message"), "message", ["receipt_of_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_mail_announcement_id_announcement"),
            "announcement",
            ["announcement_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch_op.create_index(batch_op.f("ix_mail_receipt_of_id"), ["receipt_of_id"])
        batch_op.create_unique_constraint(
            batch_op.f("uq_mail_announcement_id_recipient"), ["announcement_id", "recipient"]
        )


def downgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_mail_announcement_id_recipient"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_mail_receipt_of_id"))
        batch_op.drop_constraint(batch_op.f("fk_mail_announcement_id_announcement"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_mail_receipt_of_id_message"), type_="foreignkey")
        batch_op.drop_column("announcement_id")
        batch_op.drop_column("receipt_of_id")
    op.drop_table("announcement")
