"""A web address of a document in each language, and the texts that have not followed a change in another language."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXTS = ("page", "forum", "group", "question", "notice", "document", "reason")
TO_THE_TEXTS = """
UPDATE document_text SET url = (SELECT document.url FROM document WHERE document.id = document_text.document_id)
"""
FROM_THE_TEXTS = """
UPDATE document SET url = coalesce(
    (SELECT max(document_text.url) FROM document_text WHERE document_text.document_id = document.id), ''
)
"""


def upgrade() -> None:
    for name in TEXTS:
        with op.batch_alter_table(f"{name}_text") as batch_op:
            batch_op.add_column(sa.Column("outdated_since", sa.DateTime(), nullable=True))
    with op.batch_alter_table("document_text") as batch_op:
        batch_op.add_column(sa.Column("url", sa.String(length=500), nullable=False, server_default=""))
    op.execute(TO_THE_TEXTS)
    with op.batch_alter_table("document_text") as batch_op:
        batch_op.alter_column("url", server_default=None)
    with op.batch_alter_table("document") as batch_op:
        batch_op.drop_column("url")


def downgrade() -> None:
    with op.batch_alter_table("document") as batch_op:
        batch_op.add_column(sa.Column("url", sa.String(length=500), nullable=False, server_default=""))
    op.execute(FROM_THE_TEXTS)
    with op.batch_alter_table("document") as batch_op:
        batch_op.alter_column("url", server_default=None)
    with op.batch_alter_table("document_text") as batch_op:
        batch_op.drop_column("url")
    for name in TEXTS:
        with op.batch_alter_table(f"{name}_text") as batch_op:
            batch_op.drop_column("outdated_since")
