"""Accounts, factors, roles and their conflicts as rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.people import role_filling
from portal.run.guards import Guard, put_up, take_down, written_once

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
_CONFLICT = (
    "SELECT 1 FROM accounts mine JOIN accounts other ON other.person_id = mine.person_id"
    " JOIN role_grants held ON held.account_id = other.id"
    " JOIN role_conflicts c ON (c.first = held.role AND c.second = {role})"
    " OR (c.second = held.role AND c.first = {role})"
    " WHERE mine.id = {account} AND {active}"
)
_LOCK = (
    "PERFORM 1 FROM people p JOIN accounts a ON a.person_id = p.id WHERE a.id = {account} FOR UPDATE OF p;"
)
GUARDS = (
    Guard(
        "role_known",
        "BEFORE INSERT",
        "role_grants",
        "",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM roles r WHERE r.code = NEW.role)",
        "there is no such role",
    ),
    Guard(
        "roles_apart_granted",
        "BEFORE INSERT",
        "role_grants",
        "",
        _CONFLICT.format(role="NEW.role", account="NEW.account_id", active="mine.active AND other.active"),
        "one person may not hold both roles",
        _LOCK.format(account="NEW.account_id"),
    ),
    Guard(
        "role_grants_no_update", "BEFORE UPDATE", "role_grants", "", "SELECT 1", "roles are given or taken"
    ),
    Guard(
        "roles_apart_enabled",
        "BEFORE UPDATE",
        "accounts",
        "NEW.active AND NOT OLD.active",
        "SELECT 1 FROM role_grants own JOIN accounts other ON other.person_id = NEW.person_id"
        " AND other.id <> NEW.id AND other.active JOIN role_grants held ON held.account_id = other.id"
        " JOIN role_conflicts c ON (c.first = held.role AND c.second = own.role)"
        " OR (c.second = held.role AND c.first = own.role) WHERE own.account_id = NEW.id",
        "one person may not hold both roles",
        _LOCK.format(account="NEW.id"),
    ),
    Guard(
        "account_keeps_person",
        "BEFORE UPDATE",
        "accounts",
        "NEW.person_id <> OLD.person_id",
        "SELECT 1",
        "an account stays with its person",
    ),
    Guard(
        "site_check_not_by_hand",
        "BEFORE INSERT",
        "site_checks",
        "",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM award_hands h JOIN awards a ON a.id = h.award_id"
        " WHERE a.case_id = NEW.case_id AND h.act <> 'verify'"
        " AND h.person_id IN (NEW.officer_one_id, NEW.officer_two_id, NEW.recorded_by))",
        "who had another hand in the award does not verify its case",
    ),
    *written_once("audit_samples"),
    *written_once("award_signatures"),
    *written_once("ties", "DELETE"),
    *written_once("absences", "DELETE"),
    Guard(
        "signature_by_another",
        "BEFORE INSERT",
        "award_signatures",
        "",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM award_hands h WHERE h.award_id = NEW.award_id"
        " AND h.person_id = NEW.person_id) OR EXISTS (SELECT 1 FROM site_checks c JOIN awards a"
        " ON a.case_id = c.case_id WHERE a.id = NEW.award_id"
        " AND NEW.person_id IN (c.officer_one_id, c.officer_two_id, c.recorded_by))",
        "who had a hand in an award does not sign it",
        "PERFORM 1 FROM people WHERE id = NEW.person_id FOR UPDATE;",
    ),
    Guard(
        "hand_not_by_signer",
        "BEFORE INSERT",
        "award_hands",
        "",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM award_signatures s WHERE s.award_id = NEW.award_id"
        " AND s.person_id = NEW.person_id)",
        "who signed an award has no other hand in it",
        "PERFORM 1 FROM people WHERE id = NEW.person_id FOR UPDATE;",
    ),
    Guard(
        "award_approved_is_signed",
        "BEFORE UPDATE",
        "awards",
        "NEW.status = 'approved' AND OLD.status <> 'approved' AND NEW.signatures_needed > 0",
        "SELECT 1 WHERE (SELECT COUNT(DISTINCT s.person_id) FROM award_signatures s"
        " WHERE s.award_id = NEW.id AND s.amount_fen = NEW.amount_fen) < NEW.signatures_needed",
        "signatures are missing",
    ),
)
OPEN_RESET = sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    """Bring the tables forward."""
    _accounts_and_sessions()
    _passkeys()
    _recovery_codes()
    _links()
    _factor_resets()
    _roles()
    _signatures()
    _declared()
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


def _roles() -> None:
    op.create_table(
        "roles",
        sa.Column("code", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_roles"),
    )
    op.create_table(
        "role_conflicts",
        sa.Column("first", sa.String(32), nullable=False),
        sa.Column("second", sa.String(32), nullable=False),
        sa.CheckConstraint("first < second", name=op.f("ck_role_conflicts_in_order")),
        sa.PrimaryKeyConstraint("first", "second", name="pk_role_conflicts"),
    )
    role_filling.fill(op.get_bind())


def _signatures() -> None:
    op.add_column(
        "awards", sa.Column("signatures_needed", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.create_table(
        "award_signatures",
        sa.Column("id", ID, nullable=False),
        sa.Column("award_id", ID, nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("step IN ('review', 'cosign')", name=op.f("ck_award_signatures_signing_step")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name="fk_award_signatures_award_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_award_signatures_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_award_signatures"),
        sa.UniqueConstraint("award_id", "step", "digest", name="uq_award_signatures_step"),
        sa.UniqueConstraint("award_id", "person_id", "digest", name="uq_award_signatures_person"),
    )


def _declared() -> None:
    op.create_table(
        "ties",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('firm', 'person')", name=op.f("ck_ties_tie_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_ties_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ties"),
    )
    op.create_index("ix_ties_person", "ties", ["person_id", "ended_at"])
    op.create_table(
        "absences",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("deputy_id", ID, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("declared_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("since <= until", name=op.f("ck_absences_days_in_order")),
        sa.CheckConstraint("deputy_id <> person_id", name=op.f("ck_absences_deputy_is_another")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_absences_person_id"),
        sa.ForeignKeyConstraint(["deputy_id"], ["people.id"], name="fk_absences_deputy_id"),
        sa.PrimaryKeyConstraint("id", name="pk_absences"),
    )
    op.create_index("ix_absences_person", "absences", ["person_id", "until"])
    op.create_index("ix_absences_deputy", "absences", ["deputy_id", "until"])


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
    for table in ("absences", "ties", "role_conflicts", "roles", "award_signatures"):
        op.drop_table(table)
    op.drop_column("awards", "signatures_needed")
    op.drop_table("audit_samples")
    op.drop_index("ix_events_at", "events")
    op.drop_index("ix_events_action", "events")
    for table in ("factor_resets", "account_links", "recovery_codes", "passkey_challenges", "passkeys"):
        op.drop_table(table)
    for column in ("network", "device", "factor_at"):
        op.drop_column("staff_sessions", column)
    op.drop_column("accounts", "password_set_at")
