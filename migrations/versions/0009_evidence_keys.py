"""Keys of the originals, wrapped to those who open them, and who opened one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.run.guards import Guard, put_up, take_down, written_once

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
TABLES = ("evidence", "staged_files")
STAYS = (
    "id",
    "account_id",
    "person_id",
    "role",
    "report_id",
    "evidence_id",
    "digest",
    "event_id",
    "reason",
    "asked_at",
)
GUARDS = (
    Guard(
        "original_opening_stays",
        "BEFORE UPDATE",
        "original_openings",
        "OLD.served_at IS NOT NULL OR " + " OR ".join(f"NEW.{one} <> OLD.{one}" for one in STAYS),
        "SELECT 1",
        "an opening is served once and stays as it was asked",
    ),
    *written_once("original_openings", "DELETE"),
)


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("original", sa.String(32), nullable=False, server_default=""))
        op.create_index(f"ix_{table}_original", table, ["original"])
    op.create_table(
        "original_keys",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("vault_key_id", sa.String(32), nullable=False),
        sa.Column("vault_wrap", sa.LargeBinary(), nullable=False),
        sa.Column("working_key_id", sa.String(32), nullable=False),
        sa.Column("working_wrap", sa.LargeBinary(), nullable=True),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_original_keys"),
    )
    op.create_index("ix_original_keys_vault_key_id", "original_keys", ["vault_key_id"])
    op.create_index("ix_original_keys_working_key_id", "original_keys", ["working_key_id"])
    op.create_table(
        "original_openings",
        *_asking("original_openings"),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("served_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_original_openings_event_id"),
    )
    op.create_index("ix_original_openings_person", "original_openings", ["person_id", "served_at"])
    op.create_index("ix_original_openings_evidence", "original_openings", ["evidence_id"])
    op.create_table(
        "original_requests",
        *_asking("original_requests"),
        sa.Column("opening_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["original_openings.id"], name="fk_original_requests_opening_id"
        ),
    )
    op.create_index("ix_original_requests_account", "original_requests", ["account_id", "asked_at"])
    put_up(op.get_bind(), GUARDS)


def downgrade() -> None:
    """Sealed to public keys, an original stays closed to the version before: its key goes."""
    take_down(op.get_bind(), GUARDS)
    op.drop_table("original_requests")
    op.drop_table("original_openings")
    op.drop_table("original_keys")
    for table in TABLES:
        op.drop_index(f"ix_{table}_original", table)
        op.drop_column(table, "original")


def _asking(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return the columns of who asks for which file, and of the second person."""
    ends = {
        "account_id": "accounts",
        "person_id": "people",
        "report_id": "reports",
        "second_account_id": "accounts",
    }
    return (
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("evidence_id", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("second_account_id", BIG, nullable=True),
        sa.Column("second_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}")
            for column, to in ends.items()
        ),
    )
