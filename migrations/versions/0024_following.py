"""Following by email: who follows what, what is being sent, and the choices of each person."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEYS = ("forum", "group", "question", "topic")


def _choices() -> list[sa.Column]:
    return [
        sa.Column("mail_answers", sa.String(10), server_default="each", nullable=False),
        sa.Column("mail_topics", sa.String(10), server_default="each", nullable=False),
        sa.Column("digest_hour", sa.SmallInteger(), server_default="7", nullable=False),
    ]


def upgrade() -> None:
    for table in ("user", "sign_up"):
        with op.batch_alter_table(table) as batch_op:
            for column in _choices():
                batch_op.add_column(column)
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("digest_stopped", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("digested_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("mails_refused", sa.SmallInteger(), server_default="0", nullable=False))
    with op.batch_alter_table("mail") as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(20), nullable=True))
    op.create_table(
        "follow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        *(sa.Column(f"{key}_id", sa.Integer(), nullable=True) for key in KEYS),
        sa.Column("how", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow")),
        *(
            sa.ForeignKeyConstraint(
                [f"{key}_id"], [f"{key}.id"], name=op.f(f"fk_follow_{key}_id_{key}"), ondelete="CASCADE"
            )
            for key in ("user", *KEYS)
        ),
        *(sa.UniqueConstraint(f"{key}_id", "user_id", name=op.f(f"uq_follow_{key}_id_user_id")) for key in KEYS),
    )
    op.create_index("ix_follow_user_id", "follow", ["user_id"])
    op.create_table(
        "publication",
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after_user_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_publication")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_publication_message_id_message"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "delivery",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "message_id", name=op.f("pk_delivery")),
        *(
            sa.ForeignKeyConstraint(
                [f"{key}_id"], [f"{key}.id"], name=op.f(f"fk_delivery_{key}_id_{key}"), ondelete="CASCADE"
            )
            for key in ("user", "message", "mail")
        ),
    )
    op.create_index("ix_delivery_mail_id_due_at", "delivery", ["mail_id", "due_at"])
    op.create_index("ix_delivery_message_id", "delivery", ["message_id"])


def downgrade() -> None:
    for table in ("delivery", "publication", "follow"):
        op.drop_table(table)
    with op.batch_alter_table("mail") as batch_op:
        batch_op.drop_column("kind")
    with op.batch_alter_table("user") as batch_op:
        for name in ("mails_refused", "digested_on", "digest_stopped"):
            batch_op.drop_column(name)
    for table in ("sign_up", "user"):
        with op.batch_alter_table(table) as batch_op:
            for name in ("digest_hour", "mail_topics", "mail_answers"):
                batch_op.drop_column(name)
