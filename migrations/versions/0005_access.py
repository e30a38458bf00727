"""Accounts, factors, roles and their conflicts as rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.run.guards import put_up, take_down, written_once

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
GUARDS = written_once("audit_samples")
OPEN_RESET = sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    """Bring the tables forward."""
    _accounts_and_sessions()
    _passkeys()
    _recovery_codes()
    _links()
    _factor_resets()
    _auditing()


def _accounts_and_sessions() -> None:
    op.add_column("accounts", sa.Column("password_set_at", MOMENT, nullable=True))
    op.add_column("staff_sessions", sa.Column("factor_at", MOMENT, nullable=True))
    op.add_column("staff_sessions", sa.Column("device", sa.String(16), nullable=False, server_default=""))
    op.add_column("staff_sessions", sa.Column("network", sa.String(64), nullable=False, server_default=""))


def _account_column(table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return (
        sa.Column("account_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=f"fk_{table}_account_id"),
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", ID, nullable=False),
        *_account_column("passkeys"),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", ID, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("key_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("challenge", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name="pk_passkey_challenges"),
    )
    op.create_index("ix_passkey_challenges_created_at", "passkey_challenges", ["created_at"])


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", ID, nullable=False),
        *_account_column("recovery_codes"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("digest", name="uq_recovery_codes_digest"),
    )
    op.create_index("ix_recovery_codes_account_id", "recovery_codes", ["account_id"])


def _links() -> None:
    op.create_table(
        "account_links",
        sa.Column("id", ID, nullable=False),
        *_account_column("account_links"),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("mail_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("issued_by", ID, nullable=True),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('invitation', 'factors_lost', 'password')", name=op.f("ck_account_links_link_kind")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["accounts.id"], name="fk_account_links_issued_by"),
        sa.PrimaryKeyConstraint("id", name="pk_account_links"),
        sa.UniqueConstraint("token_digest", name="uq_account_links_token_digest"),
        sa.UniqueConstraint("mail_digest", name="uq_account_links_mail_digest"),
    )
    op.create_index("ix_account_links_account_id", "account_links", ["account_id"])


def _factor_resets() -> None:
    op.create_table(
        "factor_resets",
        sa.Column("id", ID, nullable=False),
        *_account_column("factor_resets"),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("asked_person_id", ID, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", ID, nullable=True),
        sa.Column("confirmed_person_id", ID, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint("asked_person_id <> person_id", name=op.f("ck_factor_resets_asked_for_another")),
        sa.CheckConstraint(
            "confirmed_person_id IS NULL"
            " OR (confirmed_person_id <> person_id AND confirmed_person_id <> asked_person_id)",
            name=op.f("ck_factor_resets_confirmed_by_a_third"),
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_person_id IS NULL)",
            name=op.f("ck_factor_resets_confirmation_names_its_person"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_factor_resets_person_id"),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name="fk_factor_resets_asked_by"),
        sa.ForeignKeyConstraint(["asked_person_id"], ["people.id"], name="fk_factor_resets_asked_person_id"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["accounts.id"], name="fk_factor_resets_confirmed_by"),
        sa.ForeignKeyConstraint(
            ["confirmed_person_id"], ["people.id"], name="fk_factor_resets_confirmed_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_factor_resets"),
    )
    op.create_index("ix_factor_resets_account_id", "factor_resets", ["account_id"])
    op.create_index(
        "uq_factor_resets_open",
        "factor_resets",
        ["account_id"],
        unique=True,
        sqlite_where=OPEN_RESET,
        postgresql_where=OPEN_RESET,
    )


def _auditing() -> None:
    op.create_index("ix_events_action", "events", ["action", "id"])
    op.create_index("ix_events_at", "events", ["at", "id"])
    op.create_table(
        "audit_samples",
        sa.Column("id", ID, nullable=False),
        sa.Column("population", sa.String(32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("population_size", sa.Integer(), nullable=False),
        sa.Column("population_digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("drawn_by", ID, nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "population IN ('cases', 'awards')", name=op.f("ck_audit_samples_audit_population")
        ),
        sa.CheckConstraint(
            "size > 0 AND size <= population_size", name=op.f("ck_audit_samples_sample_fits_its_population")
        ),
        sa.CheckConstraint("since <= until", name=op.f("ck_audit_samples_days_in_order")),
        sa.ForeignKeyConstraint(["drawn_by"], ["accounts.id"], name="fk_audit_samples_drawn_by"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_samples"),
    )
    put_up(op.get_bind(), GUARDS)


def downgrade() -> None:
    """Take them back."""
    take_down(op.get_bind(), GUARDS)
    op.drop_table("audit_samples")
    op.drop_index("ix_events_at", "events")
    op.drop_index("ix_events_action", "events")
    for table in ("factor_resets", "account_links", "recovery_codes", "passkey_challenges", "passkeys"):
        op.drop_table(table)
    for column in ("network", "device", "factor_at"):
        op.drop_column("staff_sessions", column)
    op.drop_column("accounts", "password_set_at")
