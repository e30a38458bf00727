"""Boxes are drawn on pages of documents as on pictures; 0 is the picture itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("redactions", sa.Column("page", sa.SmallInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    # Without its page a version would be taken for one of the picture.
    op.execute(sa.text("DELETE FROM redactions WHERE page > 0"))
    op.drop_column("redactions", "page")
