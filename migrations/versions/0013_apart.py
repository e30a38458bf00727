"""Duties stay apart by what each person did, whenever and in whichever role; what says who did it stays."""

from __future__ import annotations

from alembic import op

from portal.run.guards import Guard, put_up, take_down, written_once

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

# Taken first, so that of two acts of one person at the same moment the later one sees the earlier.
_LOCK = "PERFORM 1 FROM people WHERE id = NEW.person_id FOR NO KEY UPDATE;"
_VERIFIED = (
    "SELECT 1 FROM awards w JOIN events e ON e.case_id = w.case_id JOIN accounts a ON a.id = e.actor_account_id"
    " WHERE w.id = NEW.award_id AND e.actor_role = 'verifier' AND a.person_id = NEW.person_id"
)
_OTHER_HAND = (
    "SELECT 1 FROM awards w JOIN award_hands h ON h.award_id = w.id WHERE w.case_id = NEW.case_id"
    " AND w.status <> 'refused' AND h.act <> 'verify' AND h.person_id IN ({people})"
    " UNION ALL SELECT 1 FROM awards w JOIN award_signatures s ON s.award_id = w.id"
    " WHERE w.case_id = NEW.case_id AND w.status <> 'refused' AND s.person_id IN ({people})"
)
_ACTOR = "SELECT person_id FROM accounts WHERE id = NEW.actor_account_id"
_OFFICERS = "NEW.officer_one_id, NEW.officer_two_id, NEW.recorded_by"
_DOES_NOT_VERIFY = "who had another hand in the award does not verify its case"
# What has an award may be written once, but for these: an empty value counts as 0.
_APPROVAL = " OR ".join(
    f"COALESCE(NEW.{column}, 0) <> COALESCE(OLD.{column}, 0)"
    for column in ("approved_by", "proposed_by", "signatures_needed")
)
GUARDS = (
    # The names matter: PostgreSQL fires triggers in their order, and these take the lock for the others.
    Guard(
        "hand_apart",
        "BEFORE INSERT",
        "award_hands",
        "NEW.act <> 'verify'",
        _VERIFIED,
        "who verified the case has no other hand in its award",
        _LOCK,
    ),
    Guard(
        "signature_apart",
        "BEFORE INSERT",
        "award_signatures",
        "",
        _VERIFIED,
        "who verified the case does not sign its award",
        _LOCK,
    ),
    Guard(
        "verifying_apart",
        "BEFORE INSERT",
        "events",
        "NEW.actor_role = 'verifier' AND NEW.case_id IS NOT NULL",
        _OTHER_HAND.format(people=_ACTOR),
        _DOES_NOT_VERIFY,
        f"PERFORM 1 FROM people WHERE id IN ({_ACTOR}) FOR NO KEY UPDATE;",
    ),
    Guard(
        "site_check_apart",
        "BEFORE INSERT",
        "site_checks",
        "",
        _OTHER_HAND.format(people=_OFFICERS),
        _DOES_NOT_VERIFY,
        f"PERFORM 1 FROM people WHERE id IN ({_OFFICERS}) ORDER BY id FOR NO KEY UPDATE;",
    ),
    Guard(
        "site_check_stays",
        "BEFORE UPDATE",
        "site_checks",
        "NEW.case_id <> OLD.case_id OR NEW.officer_one_id <> OLD.officer_one_id"
        " OR NEW.officer_two_id <> OLD.officer_two_id OR NEW.recorded_by <> OLD.recorded_by",
        "SELECT 1",
        "who checked which case is written once",
    ),
    *written_once("site_checks", "DELETE"),
    Guard(
        "award_stays_itself",
        "BEFORE UPDATE",
        "awards",
        "NEW.case_id <> OLD.case_id OR NEW.number <> OLD.number OR NEW.stage <> OLD.stage",
        "SELECT 1",
        "an award stays with its case",
    ),
    Guard(
        "award_approval_stays",
        "BEFORE UPDATE",
        "awards",
        f"OLD.status IN ('approved', 'closed') AND ({_APPROVAL})",
        "SELECT 1",
        "who approved an award is written once",
    ),
    Guard(
        "award_closes_approved",
        "BEFORE UPDATE",
        "awards",
        "NEW.status = 'closed' AND OLD.status NOT IN ('approved', 'closed')",
        "SELECT 1",
        "only an approved award is closed",
    ),
    Guard(
        "payout_stays_itself",
        "BEFORE UPDATE",
        "payouts",
        "NEW.share_id <> OLD.share_id OR NEW.amount_fen <> OLD.amount_fen OR NEW.key <> OLD.key"
        " OR NEW.recorded_by <> OLD.recorded_by",
        "SELECT 1",
        "what was paid by whom is written once",
    ),
)
# PostgreSQL empties a table without asking the triggers of its rows.
NEVER_EMPTIED = (
    "events",
    "award_hands",
    "award_signatures",
    "site_checks",
    "fund_entries",
    "payouts",
    "awards",
    "cases",
    "reports",
    "openings",
    "original_openings",
    "audit_samples",
    "ties",
    "absences",
)


def upgrade() -> None:
    """Put the guards up."""
    bind = op.get_bind()
    put_up(bind, GUARDS)
    if bind.dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION guard_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'this table is never emptied' USING ERRCODE = 'check_violation'; END $$"
        )
        for table in NEVER_EMPTIED:
            op.execute(
                f"CREATE TRIGGER guard_{table}_never_emptied BEFORE TRUNCATE ON {table}"
                " EXECUTE FUNCTION guard_never_emptied()"
            )


def downgrade() -> None:
    """Take them down."""
    bind = op.get_bind()
    take_down(bind, GUARDS)
    if bind.dialect.name == "postgresql":
        for table in NEVER_EMPTIED:
            op.execute(f"DROP TRIGGER guard_{table}_never_emptied ON {table}")
        op.execute("DROP FUNCTION guard_never_emptied()")
