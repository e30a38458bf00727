"""Field groups sealed to a public key, and who opened them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
BEFORE = ("contact", "alert", "legal", "payee")
NOW = (*BEFORE, "told")
ONCE = ("report_id", "field_group")
# What was cut out of a text has a row for each text.
OFTEN = (*ONCE, "version")

# name, timing and event, table, condition, message
GUARDS = (
    (
        "opening_stays",
        "BEFORE UPDATE",
        "openings",
        "OLD.served_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id"
        " OR NEW.person_id <> OLD.person_id OR NEW.role <> OLD.role OR NEW.field_group <> OLD.field_group"
        " OR NEW.report_id <> OLD.report_id OR NEW.event_id <> OLD.event_id OR NEW.reason <> OLD.reason"
        " OR NEW.asked_at <> OLD.asked_at",
        "an opening is served once and stays as it was asked",
    ),
    ("openings_no_delete", "BEFORE DELETE", "openings", "", "openings are kept"),
)


def upgrade() -> None:
    _groups(NOW, OFTEN)
    _tables()
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, when, table, condition, message in GUARDS:
        clause = f"WHEN ({condition})" if condition else ""
        if postgresql:
            op.execute(
                f"CREATE FUNCTION guard_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER guard_{name} {when} ON {table} FOR EACH ROW {clause}"
                f" EXECUTE FUNCTION guard_{name}()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER guard_{name} {when} ON {table} FOR EACH ROW {clause}"
                f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )


def downgrade() -> None:
    """Sealed to the public key, an identity stays closed to the version before: its rows go."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in (
        "alert_counts",
        "vault_canaries",
        "blind_indexes",
        "opening_requests",
        "openings",
        "sealed_keys",
    ):
        op.drop_table(table)
    if postgresql:
        for name, *_rest in GUARDS:
            op.execute(f"DROP FUNCTION guard_{name}()")
    op.execute("DELETE FROM sealed_fields WHERE field_group = 'told'")
    _groups(BEFORE, ONCE)


def _tables() -> None:
    op.create_table(
        "sealed_keys",
        sa.Column("field_id", BIG, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["sealed_fields.id"], name="fk_sealed_keys_field_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("field_id", name="pk_sealed_keys"),
    )
    op.create_index("ix_sealed_keys_key_id", "sealed_keys", ["key_id"])
    op.create_table(
        "openings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("field_group", _choice(NOW, "ck_openings_opened_group"), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("second_account_id", BIG, nullable=True),
        sa.Column("second_at", INSTANT, nullable=True),
        sa.Column("served_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_openings_account_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_openings_person_id"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_openings_report_id"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_openings_event_id"),
        sa.ForeignKeyConstraint(["second_account_id"], ["accounts.id"], name="fk_openings_second_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_openings"),
    )
    op.create_index("ix_openings_person", "openings", ["person_id", "served_at"])
    op.create_index("ix_openings_report", "openings", ["report_id"])
    op.create_table(
        "opening_requests",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("field_group", _choice(NOW, "ck_opening_requests_wanted_group"), nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("second_account_id", BIG, nullable=True),
        sa.Column("second_at", INSTANT, nullable=True),
        sa.Column("opening_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_opening_requests_account_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_opening_requests_person_id"),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_opening_requests_report_id"),
        sa.ForeignKeyConstraint(
            ["second_account_id"], ["accounts.id"], name="fk_opening_requests_second_account_id"
        ),
        sa.ForeignKeyConstraint(["opening_id"], ["openings.id"], name="fk_opening_requests_opening_id"),
        sa.PrimaryKeyConstraint("id", name="pk_opening_requests"),
    )
    op.create_index("ix_opening_requests_account", "opening_requests", ["account_id", "asked_at"])
    op.create_table(
        "blind_indexes",
        sa.Column("field_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["sealed_fields.id"], name="fk_blind_indexes_field_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("field_id", "purpose", name="pk_blind_indexes"),
    )
    op.create_index("ix_blind_indexes_digest", "blind_indexes", ["digest"])
    op.create_table(
        "vault_canaries",
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("wrap", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_vault_canaries"),
    )
    op.create_table(
        "alert_counts",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sent", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "day", name="pk_alert_counts"),
    )


def _groups(after: tuple[str, ...], unique: tuple[str, ...]) -> None:
    """Let the table take these groups; SQLite cannot change a CHECK, so the table is made anew."""
    values = ", ".join(f"'{value}'" for value in after)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE sealed_fields DROP CONSTRAINT ck_sealed_fields_field_group")
        op.execute(
            "ALTER TABLE sealed_fields ADD CONSTRAINT ck_sealed_fields_field_group"
            f" CHECK (field_group IN ({values}))"
        )
        op.drop_constraint("uq_sealed_fields_report_group", "sealed_fields", type_="unique")
        op.create_unique_constraint("uq_sealed_fields_report_group", "sealed_fields", list(unique))
        return
    op.create_table(
        "sealed_fields_new",
        sa.Column("id", BIG, nullable=False),
        sa.Column("report_id", BIG, nullable=False),
        sa.Column("field_group", _choice(after, "ck_sealed_fields_field_group"), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_sealed_fields_report_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sealed_fields"),
        sa.UniqueConstraint(*unique, name="uq_sealed_fields_report_group"),
    )
    columns = "id, report_id, field_group, version, blob, sealed_at"
    op.execute(f"INSERT INTO sealed_fields_new ({columns}) SELECT {columns} FROM sealed_fields")  # noqa: S608
    op.drop_table("sealed_fields")
    op.rename_table("sealed_fields_new", "sealed_fields")


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=op.f(name), native_enum=False, create_constraint=True, length=32)
