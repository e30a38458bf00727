"""What is kept until when, and what was destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.run.guards import Guard, put_up, take_down, written_once

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
GROUNDS = ("appeal", "criminal", "lawsuit", "audit", "other")
GUARDS = [
    *written_once("retention_holds", "DELETE"),
    Guard(
        "retention_hold_stays",
        "BEFORE UPDATE",
        "retention_holds",
        "OLD.ended_at IS NOT NULL OR NEW.case_id <> OLD.case_id OR NEW.ground <> OLD.ground"
        " OR NEW.reason <> OLD.reason OR NEW.set_at <> OLD.set_at OR NEW.set_by <> OLD.set_by",
        "SELECT 1",
        "a hold stays as it was set, and ends once",
    ),
]


def upgrade() -> None:
    op.add_column("reports", sa.Column("text_removed_at", INSTANT, nullable=True))
    op.add_column("evidence", sa.Column("original_destroyed_at", INSTANT, nullable=True))
    op.create_table(
        "retention_holds",
        sa.Column("id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column(
            "ground",
            sa.Enum(
                *GROUNDS,
                name=op.f("ck_retention_holds_hold_ground"),
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", BIG, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", BIG, nullable=True),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_retention_holds_hold_has_reason")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_retention_holds_ended_by_somebody")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_retention_holds_case_id"),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name="fk_retention_holds_set_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name="fk_retention_holds_ended_by"),
        sa.PrimaryKeyConstraint("id", name="pk_retention_holds"),
    )
    op.create_index(
        "uq_retention_holds_standing",
        "retention_holds",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", BIG, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("after", BIG, nullable=False),
        sa.Column("destroyed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    put_up(op.get_bind(), GUARDS)


def downgrade() -> None:
    take_down(op.get_bind(), GUARDS)
    op.drop_table("retention_runs")
    op.drop_table("retention_holds")
    op.drop_column("evidence", "original_destroyed_at")
    op.drop_column("reports", "text_removed_at")
