"""Receipt codes that were lost and renewed: who asked, who confirmed, when the sheet was printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.run.guards import Guard, put_up, take_down, written_once

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")
SHOWN = ("resident_id", "passport", "other")
_ACCOUNT = "SELECT 1 FROM accounts a WHERE a.id = {account} AND a.person_id = {person}"
_VERIFIED = (
    "SELECT 1 FROM reports r JOIN site_checks s ON s.case_id = r.case_id WHERE r.id = NEW.report_id"
    " AND {person} IN (s.officer_one_id, s.officer_two_id, s.recorded_by)"
    " UNION ALL SELECT 1 FROM reports r JOIN findings f ON f.case_id = r.case_id"
    " WHERE r.id = NEW.report_id AND f.recorded_by = {person}"
)
_MINE = _ACCOUNT.format(account="NEW.asked_account_id", person="NEW.asked_person_id")
_THEIRS = _ACCOUNT.format(account="NEW.second_account_id", person="NEW.second_person_id")
_CHANGED = " OR ".join(
    f"NEW.{column} <> OLD.{column}"
    for column in (
        "id",
        "report_id",
        "opening_id",
        "shown",
        "asked_account_id",
        "asked_person_id",
        "asked_role",
        "asked_at",
    )
)
GUARDS = (
    Guard(
        "renewal_begins_open",
        "BEFORE INSERT",
        "code_renewals",
        "NEW.second_at IS NOT NULL OR NEW.printed_at IS NOT NULL OR NEW.ended_at IS NOT NULL",
        "SELECT 1",
        "a renewal begins with a request",
    ),
    Guard(
        "renewal_after_opening",
        "BEFORE INSERT",
        "code_renewals",
        "",
        f"SELECT 1 WHERE NOT EXISTS ({_MINE}) OR NOT EXISTS (SELECT 1 FROM openings o"  # noqa: S608 - no value from outside
        " WHERE o.id = NEW.opening_id AND o.report_id = NEW.report_id AND o.field_group = 'legal'"
        " AND o.person_id = NEW.asked_person_id AND o.served_at IS NOT NULL)",
        "who asks for a new code has opened the sealed name",
    ),
    Guard(
        "renewal_not_by_verifier",
        "BEFORE INSERT",
        "code_renewals",
        "",
        _VERIFIED.format(person="NEW.asked_person_id"),
        "who verified the case has no hand in its codes",
    ),
    Guard(
        "renewal_second_person",
        "BEFORE UPDATE",
        "code_renewals",
        "NEW.second_at IS NOT NULL AND OLD.second_at IS NULL",
        f"SELECT 1 WHERE NEW.second_person_id = OLD.asked_person_id OR NOT EXISTS ({_THEIRS})"
        f" UNION ALL {_VERIFIED.format(person='NEW.second_person_id')}",
        "another person confirms, who did not verify the case",
    ),
    Guard(
        "renewal_stays",
        "BEFORE UPDATE",
        "code_renewals",
        f"OLD.ended_at IS NOT NULL OR {_CHANGED} OR (OLD.second_at IS NOT NULL AND"
        " (NEW.second_at IS NULL OR NEW.second_at <> OLD.second_at"
        " OR NEW.second_account_id <> OLD.second_account_id"
        " OR NEW.second_person_id <> OLD.second_person_id OR NEW.agreed <> OLD.agreed))",
        "SELECT 1",
        "a renewal stays as it was asked and answered",
    ),
    *written_once("code_renewals", "DELETE"),
)


def upgrade() -> None:
    op.create_table(
        "code_renewals",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("opening_id", sa.String(32), nullable=False),
        sa.Column(
            "shown",
            sa.Enum(
                *SHOWN,
                name=op.f("ck_code_renewals_shown"),
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_account_id", ID, nullable=False),
        sa.Column("asked_person_id", ID, nullable=False),
        sa.Column("asked_role", sa.String(32), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("second_account_id", ID, nullable=True),
        sa.Column("second_person_id", ID, nullable=True),
        sa.Column("second_role", sa.String(32), nullable=False, server_default=""),
        sa.Column("second_at", MOMENT, nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("printed_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "second_person_id IS NULL OR second_person_id <> asked_person_id",
            name=op.f("ck_code_renewals_confirmed_by_another"),
        ),
        sa.CheckConstraint(
            "(second_at IS NULL) = (second_person_id IS NULL)"
            " AND (second_at IS NULL) = (second_account_id IS NULL)"
            " AND (second_at IS NULL) = (agreed IS NULL)",
            name=op.f("ck_code_renewals_answer_names_its_person"),
        ),
        sa.CheckConstraint(
            "printed_at IS NULL OR (agreed IS NOT NULL AND agreed AND ended_at IS NOT NULL)",
            name=op.f("ck_code_renewals_printed_when_agreed"),
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_code_renewals_report_id"),
        sa.ForeignKeyConstraint(["opening_id"], ["openings.id"], name="fk_code_renewals_opening_id"),
        sa.ForeignKeyConstraint(
            ["asked_account_id"], ["accounts.id"], name="fk_code_renewals_asked_account_id"
        ),
        sa.ForeignKeyConstraint(["asked_person_id"], ["people.id"], name="fk_code_renewals_asked_person_id"),
        sa.ForeignKeyConstraint(
            ["second_account_id"], ["accounts.id"], name="fk_code_renewals_second_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["second_person_id"], ["people.id"], name="fk_code_renewals_second_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_code_renewals"),
    )
    op.create_index("ix_code_renewals_report", "code_renewals", ["report_id", "printed_at"])
    # One open request at a time for a report.
    op.create_index(
        "uq_code_renewals_open",
        "code_renewals",
        ["report_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    put_up(op.get_bind(), GUARDS)


def downgrade() -> None:
    take_down(op.get_bind(), GUARDS)
    op.drop_table("code_renewals")
