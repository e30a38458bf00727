"""Rule sets as rows: versions that are never edited, and the facts of each finding."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from portal.rewards.rule_files import FOUNDING, Head, shipped
from portal.run.guards import Guard, put_up, take_down

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATUSES = ("library", "draft", "checked", "in_force", "replaced", "withdrawn")
STATES = ("waiting", "running", "done", "failed")
CITYS = sa.text("status NOT IN ('withdrawn', 'library')")
SHIPPED = sa.text("status = 'library'")
PAID_FINDING = (
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM findings f JOIN awards a ON a.case_id = f.case_id"
    " WHERE f.id = OLD.finding_id AND a.status IN ('approved', 'closed'))"
)
PAID_REPORT = (
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM shares s JOIN awards a ON a.id = s.award_id"
    " WHERE s.report_id = OLD.report_id AND a.status IN ('approved', 'closed'))"
)
PAID_CASE = (
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM awards a"
    " WHERE a.case_id = OLD.case_id AND a.status IN ('approved', 'closed'))"
)

GUARDS = (
    Guard(
        "rule_set_keeps_its_text",
        "BEFORE UPDATE",
        "rule_sets",
        "",
        "SELECT 1 WHERE NEW.body <> OLD.body OR NEW.digest <> OLD.digest OR NEW.rule_id <> OLD.rule_id"
        " OR NEW.version <> OLD.version OR NEW.shipped <> OLD.shipped OR NEW.governs_by <> OLD.governs_by"
        " OR NEW.title_zh <> OLD.title_zh OR NEW.title_en <> OLD.title_en"
        " OR COALESCE(NEW.uploaded_by, 0) <> COALESCE(OLD.uploaded_by, 0)",
        "the text of a rule set is never changed",
    ),
    Guard(
        "rule_set_begins_as_draft",
        "BEFORE INSERT",
        "rule_sets",
        "NEW.status NOT IN ('draft', 'library')",
        "SELECT 1",
        "a rule set begins as a draft",
    ),
    Guard(
        "rule_set_library_stays",
        "BEFORE UPDATE",
        "rule_sets",
        "OLD.status = 'library' AND NEW.status <> 'library'",
        "SELECT 1",
        "the library is a starting point and never in force itself",
    ),
    Guard(
        "rule_set_keeps_its_dates",
        "BEFORE UPDATE",
        "rule_sets",
        "OLD.in_force_from IS NOT NULL",
        "SELECT 1 WHERE NEW.in_force_from IS NULL OR NEW.in_force_from <> OLD.in_force_from"
        " OR COALESCE(NEW.enforced_by, 0) <> COALESCE(OLD.enforced_by, 0)"
        " OR CAST(NEW.enforced_at AS TEXT) <> CAST(OLD.enforced_at AS TEXT)"
        " OR CAST(NEW.sectors AS TEXT) <> CAST(OLD.sectors AS TEXT)",
        "what was put in force keeps its first day, its sectors and who put it in force",
    ),
    Guard(
        "rule_set_in_force_stays",
        "BEFORE UPDATE",
        "rule_sets",
        "OLD.status IN ('in_force', 'replaced') AND NEW.status NOT IN ('in_force', 'replaced', 'withdrawn')",
        "SELECT 1",
        "what was put in force is no draft again",
    ),
    Guard(
        "rule_set_replaced_is_not_withdrawn",
        "BEFORE UPDATE",
        "rule_sets",
        "(OLD.status = 'replaced' AND NEW.status = 'withdrawn')"
        " OR (OLD.status = 'withdrawn' AND NEW.status <> 'withdrawn')",
        "SELECT 1",
        "what governed cases is not withdrawn, and what was withdrawn does not come back",
    ),
    Guard(
        "rule_set_of_award_stays",
        "BEFORE UPDATE",
        "rule_sets",
        "OLD.status = 'in_force' AND NEW.status = 'withdrawn'",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM awards a WHERE a.rule_id = OLD.rule_id"
        " AND a.rule_version = CAST(OLD.version AS TEXT))",
        "a rule set that an award rests on stays",
    ),
    Guard(
        "rule_set_in_force_not_deleted",
        "BEFORE DELETE",
        "rule_sets",
        "OLD.enforced_at IS NOT NULL",
        "SELECT 1",
        "what was put in force is never deleted",
    ),
    *(
        Guard(
            f"{table}_{event.lower()}", f"BEFORE {event}", table, "", fault, "what was paid keeps its facts"
        )
        for table, fault in (
            ("finding_facts", PAID_FINDING),
            ("reporter_facts", PAID_REPORT),
            ("case_facts", PAID_CASE),
        )
        for event in ("UPDATE", "DELETE")
    ),
    *(
        Guard(
            f"penalty_dates_{event.lower()}",
            f"BEFORE {event}",
            "penalties",
            "NEW.final_on < NEW.decided_on OR NEW.collected_on < NEW.decided_on",
            "SELECT 1",
            "a penalty is final and collected after it was decided",
        )
        for event in ("INSERT", "UPDATE")
    ),
)


def _choice(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _person(table: str, column: str, *, nullable: bool = True) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return (
        sa.Column(column, ID, nullable=nullable),
        sa.ForeignKeyConstraint([column], ["people.id"], name=f"fk_{table}_{column}"),
    )


def upgrade() -> None:
    """Bring the tables forward."""
    _rule_sets()
    _simulations()
    for table, column, target, cascade in (
        ("finding_facts", "finding_id", "findings.id", "CASCADE"),
        ("reporter_facts", "report_id", "reports.id", None),
        ("case_facts", "case_id", "cases.id", None),
    ):
        _facts(table, column, target, cascade)
    op.add_column("reporter_facts", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("penalties", sa.Column("final_on", sa.Date(), nullable=True))
    op.add_column("penalties", sa.Column("collected_on", sa.Date(), nullable=True))
    _fill()
    put_up(op.get_bind(), GUARDS)


def _rule_sets() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title_zh", sa.String(200), nullable=False),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sectors", sa.JSON(), nullable=False),
        sa.Column("governs_by", sa.String(16), nullable=False),
        sa.Column("invented", sa.Boolean(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("status", _choice("rule_status", STATUSES), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=True),
        sa.Column("in_force_until", sa.Date(), nullable=True),
        *_person("rule_sets", "uploaded_by"),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        *_person("rule_sets", "checked_by"),
        sa.Column("checked_at", MOMENT, nullable=True),
        *_person("rule_sets", "enforced_by"),
        sa.Column("enforced_at", MOMENT, nullable=True),
        sa.Column("enforced_on", sa.Date(), nullable=True),
        sa.Column("replaced_by_id", ID, nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["rule_sets.id"], name="fk_rule_sets_replaced_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_sets"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_rule_sets_version_positive")),
        sa.CheckConstraint("shipped OR uploaded_by IS NOT NULL", name=op.f("ck_rule_sets_uploader_is_known")),
        sa.CheckConstraint(
            "enforced_by IS NULL OR enforced_by <> uploaded_by",
            name=op.f("ck_rule_sets_enforcer_is_not_uploader"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('in_force', 'replaced') OR (in_force_from IS NOT NULL AND enforced_at IS NOT NULL"
            " AND (shipped OR enforced_by IS NOT NULL))",
            name=op.f("ck_rule_sets_in_force_names_enforcer"),
        ),
        sa.CheckConstraint(
            "shipped OR in_force_from >= enforced_on", name=op.f("ck_rule_sets_never_backdated")
        ),
        sa.CheckConstraint(
            "(status = 'replaced') = (in_force_until IS NOT NULL)", name=op.f("ck_rule_sets_replaced_has_end")
        ),
        sa.CheckConstraint("in_force_until >= in_force_from", name=op.f("ck_rule_sets_ends_after_it_begins")),
    )
    for name, where in (("uq_rule_sets_version", CITYS), ("uq_rule_sets_library", SHIPPED)):
        op.create_index(
            name, "rule_sets", ["rule_id", "version"], unique=True, sqlite_where=where, postgresql_where=where
        )


def _simulations() -> None:
    op.create_table(
        "rule_simulations",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule_set_id", ID, nullable=False),
        sa.Column("state", _choice("simulation_state", STATES), nullable=False),
        *_person("rule_simulations", "asked_by", nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("total_cases", sa.Integer(), nullable=False),
        sa.Column("done_cases", sa.Integer(), nullable=False),
        sa.Column("last_case_id", ID, nullable=False),
        sa.Column("touched_at", MOMENT, nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_set_id"], ["rule_sets.id"], name="fk_rule_simulations_rule_set_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_simulations"),
        sa.CheckConstraint(
            "done_cases >= 0 AND done_cases <= total_cases",
            name=op.f("ck_rule_simulations_done_within_total"),
        ),
    )
    op.create_index("ix_rule_simulations_rule_set", "rule_simulations", ["rule_set_id", "id"])


def _facts(table: str, column: str, target: str, cascade: str | None) -> None:
    op.create_table(
        table,
        sa.Column(column, ID, nullable=False, autoincrement=False),
        sa.Column("fact_id", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        *_person(table, "confirmed_by", nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=cascade),
        sa.PrimaryKeyConstraint(column, "fact_id", name=f"pk_{table}"),
    )


def _fill() -> None:
    """Put what ships in: one rule set in force from the day of its document, the others as a library."""
    at = datetime.now(UTC)
    known = sa.Table("rule_sets", sa.MetaData(), autoload_with=op.get_bind())
    # Reflected, so that each database gets times and dates as it stores them.
    known.c.uploaded_at.type = known.c.enforced_at.type = MOMENT
    op.bulk_insert(known, [_row(head, at) for head in shipped()])


def _row(head: Head, at: datetime) -> dict[str, object]:
    founding = head.rule_id == FOUNDING
    return {
        "rule_id": head.rule_id,
        "version": head.version,
        "title_zh": head.title_zh,
        "title_en": head.title_en,
        "body": head.body,
        "digest": head.digest,
        "sectors": list(head.sectors),
        "governs_by": head.governs_by,
        "invented": head.invented,
        "effective_from": head.effective_from,
        "status": "in_force" if founding else "library",
        "shipped": True,
        "in_force_from": head.effective_from if founding else None,
        "enforced_at": at if founding else None,
        "enforced_on": at.date() if founding else None,
        "uploaded_at": at,
        "row_version": 1,
    }


def downgrade() -> None:
    """Take them back."""
    take_down(op.get_bind(), GUARDS)
    op.drop_column("penalties", "collected_on")
    op.drop_column("penalties", "final_on")
    for table in ("case_facts", "reporter_facts", "finding_facts"):
        op.drop_table(table)
    op.drop_index("ix_rule_simulations_rule_set", table_name="rule_simulations")
    op.drop_table("rule_simulations")
    for name in ("uq_rule_sets_library", "uq_rule_sets_version"):
        op.drop_index(name, table_name="rule_sets")
    op.drop_table("rule_sets")
