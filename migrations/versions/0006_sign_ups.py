"""Sign-ups wait in a table of their own, each with its profile and password, until one is confirmed.

Accounts that were never confirmed are kept: confirming a sign-up with such an address takes over the account.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("title", sa.String(30), nullable=False),
        sa.Column("organization", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("capacity", sa.String(20), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("submission", sa.String(36), nullable=False),
        sa.Column("renewed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
        sa.UniqueConstraint("email", "password_hash", name=op.f("uq_sign_up_email_password_hash")),
    )
    with op.batch_alter_table("sign_up") as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_up_renewed_at"), ["renewed_at"], unique=False)
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("confirmation_mailed_at")


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("confirmation_mailed_at", sa.DateTime(), nullable=True))
    op.drop_table("sign_up")
