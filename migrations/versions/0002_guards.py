"""What the database itself refuses: triggers for rules that no CHECK can say."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# name, timing and event, table, optional WHEN, a query that finds a fault, the message
GUARDS: tuple[tuple[str, str, str, str, str, str], ...] = (
    (
        "award_shares_sum",
        "BEFORE UPDATE",
        "awards",
        "NEW.status IN ('approved', 'closed') AND OLD.status <> NEW.status",
        "SELECT 1 WHERE (SELECT COALESCE(SUM(amount_fen), 0) FROM shares WHERE award_id = NEW.id)"
        " <> NEW.amount_fen",
        "shares do not sum to the award",
    ),
    (
        "award_amount_fixed",
        "BEFORE UPDATE",
        "awards",
        "OLD.status IN ('approved', 'closed') AND NEW.amount_fen <> OLD.amount_fen",
        "SELECT 1",
        "an approved award keeps its amount",
    ),
    (
        "award_starts_proposed",
        "BEFORE INSERT",
        "awards",
        "NEW.status <> 'proposed'",
        "SELECT 1",
        "an award begins as proposed",
    ),
    (
        "award_approver_has_hand",
        "BEFORE UPDATE",
        "awards",
        "NEW.approved_by IS NOT NULL AND NEW.status = 'approved' AND OLD.status <> 'approved'",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM award_hands h WHERE h.award_id = NEW.id"
        " AND h.person_id = NEW.approved_by AND h.act = 'approve')",
        "the approver has no hand in this award",
    ),
    (
        "hand_is_not_verifier",
        "BEFORE INSERT",
        "award_hands",
        "NEW.act <> 'verify'",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM site_checks c JOIN awards a ON a.case_id = c.case_id"
        " WHERE a.id = NEW.award_id AND NEW.person_id IN (c.officer_one_id, c.officer_two_id, c.recorded_by))",
        "who verified the case has no other hand in its award",
    ),
    (
        "share_of_approved_award_insert",
        "BEFORE INSERT",
        "shares",
        "",
        "SELECT 1 WHERE (SELECT status FROM awards WHERE id = NEW.award_id) IN ('approved', 'closed')",
        "an approved award gets no new share",
    ),
    (
        "share_amount_fixed",
        "BEFORE UPDATE",
        "shares",
        "NEW.amount_fen <> OLD.amount_fen OR NEW.award_id <> OLD.award_id OR NEW.report_id <> OLD.report_id",
        "SELECT 1 WHERE (SELECT status FROM awards WHERE id = OLD.award_id) IN ('approved', 'closed')",
        "a share of an approved award keeps its amount and its reporter",
    ),
    (
        "share_of_approved_award_delete",
        "BEFORE DELETE",
        "shares",
        "",
        "SELECT 1 WHERE (SELECT status FROM awards WHERE id = OLD.award_id) IN ('approved', 'closed')",
        "a share of an approved award stays",
    ),
    (
        "share_moves_after_approval",
        "BEFORE UPDATE",
        "shares",
        "NEW.status <> 'planned'",
        "SELECT 1 WHERE (SELECT status FROM awards WHERE id = NEW.award_id) NOT IN ('approved', 'closed')",
        "a share moves only after its award is approved",
    ),
    (
        "payout_needs_approval",
        "BEFORE INSERT",
        "payouts",
        "",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shares s JOIN awards a ON a.id = s.award_id"
        " WHERE s.id = NEW.share_id AND a.status = 'approved' AND s.amount_fen = NEW.amount_fen)",
        "a payout needs an approved award and pays its share exactly",
    ),
    (
        "payout_payer_has_hand",
        "BEFORE INSERT",
        "payouts",
        "",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shares s JOIN award_hands h ON h.award_id = s.award_id"
        " WHERE s.id = NEW.share_id AND h.person_id = NEW.recorded_by AND h.act = 'pay')",
        "the payer has no hand in this award",
    ),
    (
        "share_paid_has_payout",
        "BEFORE UPDATE",
        "shares",
        "NEW.status = 'paid' AND OLD.status <> 'paid'",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM payouts WHERE share_id = NEW.id AND state = 'paid')",
        "a paid share has a payout",
    ),
    (
        "award_approved_is_reserved",
        "BEFORE UPDATE",
        "awards",
        "NEW.status = 'approved' AND OLD.status <> 'approved'",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM fund_entries e WHERE e.award_id = NEW.id"
        " AND e.kind = 'reserve' AND e.amount_fen = NEW.amount_fen)",
        "an approved award is reserved in the fund",
    ),
    (
        "award_approved_stays",
        "BEFORE UPDATE",
        "awards",
        "OLD.status IN ('approved', 'closed') AND NEW.status NOT IN ('approved', 'closed')",
        "SELECT 1",
        "an approved award stays approved",
    ),
    (
        "share_settled_stays",
        "BEFORE UPDATE",
        "shares",
        "OLD.status IN ('paid', 'expired', 'forfeited') AND NEW.status <> OLD.status",
        "SELECT 1",
        "a settled share stays as it is",
    ),
    (
        "payout_paid_stays",
        "BEFORE UPDATE",
        "payouts",
        "OLD.state IN ('paid', 'returned')",
        "SELECT 1 WHERE NEW.state <> OLD.state OR NEW.amount_fen <> OLD.amount_fen OR NEW.share_id <> OLD.share_id",
        "a payout whose outcome is known stays as it is",
    ),
)

# Rows that are written once: (table, what may not happen to it)
WRITTEN_ONCE: tuple[tuple[str, str], ...] = (
    ("events", "UPDATE"),
    ("events", "DELETE"),
    ("fund_entries", "UPDATE"),
    ("fund_entries", "DELETE"),
    ("award_hands", "UPDATE"),
    ("award_hands", "DELETE"),
    ("reports", "DELETE"),
    ("cases", "DELETE"),
    ("awards", "DELETE"),
    ("payouts", "DELETE"),
)


def _guards() -> list[tuple[str, str, str, str, str, str]]:
    once = [
        (f"{table}_no_{what.lower()}", f"BEFORE {what}", table, "", "SELECT 1", f"{table} are written once")
        for table, what in WRITTEN_ONCE
    ]
    return [*GUARDS, *once]


def upgrade() -> None:
    """Apply."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, when, table, condition, fault, message in _guards():
        clause = f"WHEN ({condition})" if condition else ""
        if postgresql:
            row = "OLD" if when.endswith("DELETE") else "NEW"
            op.execute(
                f"CREATE FUNCTION guard_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF EXISTS ({fault}) THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation';"
                f" END IF; RETURN {row}; END $$"
            )
            op.execute(
                f"CREATE TRIGGER guard_{name} {when} ON {table} FOR EACH ROW {clause}"
                f" EXECUTE FUNCTION guard_{name}()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER guard_{name} {when} ON {table} FOR EACH ROW {clause}"
                f" BEGIN SELECT RAISE(ABORT, '{message}') WHERE EXISTS ({fault}); END"
            )


def downgrade() -> None:
    """Go back."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, _when, table, *_rest in _guards():
        if postgresql:
            op.execute(f"DROP TRIGGER guard_{name} ON {table}")
            op.execute(f"DROP FUNCTION guard_{name}()")
        else:
            op.execute(f"DROP TRIGGER guard_{name}")
