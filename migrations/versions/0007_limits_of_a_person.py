"""Indexes for what one person did lately; which forum a mail to its moderators tells of, and of how many messages."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_author_id"))
        batch_op.create_index("ix_message_author_id_posted_at", ["author_id", "posted_at"], unique=False)
        batch_op.create_index("ix_message_author_id_edited_at", ["author_id", "edited_at"], unique=False)
    with op.batch_alter_table("report") as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_reporter_id"))
        batch_op.create_index("ix_report_reporter_id_at", ["reporter_id", "at"], unique=False)
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("forum_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("news", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            batch_op.f("fk_mail_forum_id_forum"), "forum", ["forum_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index(batch_op.f("ix_mail_forum_id"), ["forum_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_forum_id"))
        batch_op.drop_constraint(batch_op.f("fk_mail_forum_id_forum"), type_="foreignkey")
        batch_op.drop_column("news")
        batch_op.drop_column("forum_id")
    with op.batch_alter_table("report") as batch_op:
        batch_op.drop_index("ix_report_reporter_id_at")
        batch_op.create_index(batch_op.f("ix_report_reporter_id"), ["reporter_id"], unique=False)
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index("ix_message_author_id_edited_at")
        batch_op.drop_index("ix_message_author_id_posted_at")
        batch_op.create_index(batch_op.f("ix_message_author_id"), ["author_id"], unique=False)
