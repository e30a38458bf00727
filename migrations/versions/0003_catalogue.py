"""The situations and questions that ship, as rows which the desk may change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.reports.cataloguing import spelling
from portal.reports.sectors import SITUATIONS
from portal.reports.shipped import QUESTIONS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STEP = 10
SITUATION_TABLE = sa.table(
    "situations",
    *(sa.column(name, sa.String) for name in ("code", "sector", "zh", "en", "aliases", "pinyin")),
    sa.column("position", sa.Integer),
    sa.column("active", sa.Boolean),
    sa.column("version", sa.Integer),
)
QUESTION_TABLE = sa.table(
    "sector_questions",
    *(sa.column(name, sa.String) for name in ("key", "sector", "kind", "zh", "en")),
    sa.column("choices", sa.JSON),
    sa.column("optional", sa.Boolean),
    sa.column("position", sa.Integer),
    sa.column("active", sa.Boolean),
    sa.column("version", sa.Integer),
)


def upgrade() -> None:
    op.bulk_insert(
        SITUATION_TABLE,
        [
            {
                "code": item.code,
                "sector": item.sector,
                "zh": item.zh,
                "en": item.en,
                "aliases": item.aliases,
                "pinyin": spelling(item.zh, item.aliases),
                "position": place * STEP,
                "active": True,
                "version": 1,
            }
            for place, item in enumerate(SITUATIONS, start=1)
        ],
    )
    op.bulk_insert(
        QUESTION_TABLE,
        [
            {
                "key": item.key,
                "sector": item.sector,
                "kind": item.kind,
                "zh": item.zh,
                "en": item.en,
                "choices": [list(pair) for pair in item.choices],
                "optional": True,
                "position": place * STEP,
                "active": True,
                "version": 1,
            }
            for place, item in enumerate(QUESTIONS, start=1)
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM sector_questions")
    op.execute("DELETE FROM situations")
