"""Moderation, files of messages and documents, safer accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {"message": {"sqlite_autoincrement": True}}  # a number is never used again
FILLED = {
    "forum": ("approval", "by_invitation"),
    "forum_role": ("languages",),
    "message": ("speaker",),
    "user": ("suspended_for",),
}


def upgrade() -> None:
    op.create_table(
        "reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reason")),
    )
    op.create_table(
        "email_change",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by_old_at", sa.DateTime(), nullable=True),
        sa.Column("confirmed_by_new_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_email_change_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_email_change")),
    )
    op.create_table(
        "invitation",
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["forum_id"], ["forum.id"], name=op.f("fk_invitation_forum_id_forum"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("forum_id", "country", name=op.f("pk_invitation")),
    )
    op.create_table(
        "reason_text",
        sa.Column("reason_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["reason_id"], ["reason.id"], name=op.f("fk_reason_text_reason_id_reason"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reason_id", "language", name=op.f("pk_reason_text")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("forum_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["forum_id"], ["forum.id"], name=op.f("fk_act_forum_id_forum")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_act_message_id_message")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_act_topic_id_topic")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_act_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    with op.batch_alter_table("act") as batch_op:
        batch_op.create_index(batch_op.f("ix_act_forum_id"), ["forum_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_topic_id"), ["topic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_act_user_id"), ["user_id"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "(message_id IS NULL) <> (document_id IS NULL)", name=op.f("ck_attachment_belongs_to_one_thing")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_attachment_document_id_document")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("key", name=op.f("uq_attachment_key")),
    )
    with op.batch_alter_table("attachment") as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_message_id"), ["message_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("reporter_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("settled_at", sa.DateTime(), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_report_message_id_message")),
        sa.ForeignKeyConstraint(["reporter_id"], ["user.id"], name=op.f("fk_report_reporter_id_user")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["user.id"], name=op.f("fk_report_settled_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("message_id", "reporter_id", name=op.f("uq_report_message_id_reporter_id")),
    )
    with op.batch_alter_table("report") as batch_op:
        batch_op.create_index(batch_op.f("ix_report_reporter_id"), ["reporter_id"], unique=False)

    with op.batch_alter_table("forum") as batch_op:
        batch_op.add_column(sa.Column("approval", sa.String(length=20), nullable=False, server_default="nobody"))
        batch_op.add_column(sa.Column("by_invitation", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("forum_role") as batch_op:
        batch_op.add_column(sa.Column("languages", sa.String(length=60), nullable=False, server_default=""))

    with op.batch_alter_table("group") as batch_op:
        batch_op.add_column(sa.Column("approval", sa.String(length=20), nullable=True))

    with op.batch_alter_table("message", table_kwargs=KEPT["message"]) as batch_op:
        batch_op.add_column(sa.Column("withheld_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("withheld_for", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("returned_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("speaker", sa.String(length=100), nullable=False, server_default=""))
        batch_op.alter_column("position", existing_type=sa.INTEGER(), nullable=True)

    with op.batch_alter_table("period") as batch_op:
        batch_op.add_column(sa.Column("former_dates", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("called_off_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("topic") as batch_op:
        batch_op.add_column(sa.Column("pinned_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("locked_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_topic_merged_into_id_topic"), "topic", ["merged_into_id"], ["id"])

    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("confirmation_mailed_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("suspended_for", sa.String(length=500), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("former_number", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("totp_secret", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("totp_last_step", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_user_former_number"), ["former_number"])

    # The defaults were for the rows there were; new rows get their values from the application.
    for table, columns in FILLED.items():
        with op.batch_alter_table(table, table_kwargs=KEPT.get(table, {})) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_user_former_number"), type_="unique")
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_secret")
        batch_op.drop_column("former_number")
        batch_op.drop_column("suspended_for")
        batch_op.drop_column("suspended_at")
        batch_op.drop_column("confirmation_mailed_at")

    with op.batch_alter_table("period") as batch_op:
        batch_op.drop_column("called_off_at")
        batch_op.drop_column("former_dates")

    with op.batch_alter_table("topic") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_topic_merged_into_id_topic"), type_="foreignkey")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("locked_at")
        batch_op.drop_column("pinned_at")

    with op.batch_alter_table("message", table_kwargs=KEPT["message"]) as batch_op:
        batch_op.alter_column("position", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("speaker")
        batch_op.drop_column("returned_at")
        batch_op.drop_column("withheld_for")
        batch_op.drop_column("withheld_at")

    with op.batch_alter_table("group") as batch_op:
        batch_op.drop_column("approval")

    with op.batch_alter_table("forum_role") as batch_op:
        batch_op.drop_column("languages")

    with op.batch_alter_table("forum") as batch_op:
        batch_op.drop_column("by_invitation")
        batch_op.drop_column("approval")

    with op.batch_alter_table("report") as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_reporter_id"))

    op.drop_table("report")
    with op.batch_alter_table("attachment") as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_message_id"))
        batch_op.drop_index(batch_op.f("ix_attachment_document_id"))

    op.drop_table("attachment")
    with op.batch_alter_table("act") as batch_op:
        batch_op.drop_index(batch_op.f("ix_act_user_id"))
        batch_op.drop_index(batch_op.f("ix_act_topic_id"))
        batch_op.drop_index(batch_op.f("ix_act_message_id"))
        batch_op.drop_index(batch_op.f("ix_act_forum_id"))

    op.drop_table("act")
    op.drop_table("recovery_code")
    op.drop_table("reason_text")
    op.drop_table("invitation")
    op.drop_table("email_change")
    op.drop_table("reason")
