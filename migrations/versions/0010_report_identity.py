"""What a report is sealed under never changes: whoever moves it could move a name with it."""

from __future__ import annotations

from alembic import op

from portal.run.guards import Guard, put_up, take_down

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GUARDS = (
    Guard(
        "reports_stay_themselves",
        "BEFORE UPDATE",
        "reports",
        "NEW.uuid <> OLD.uuid OR NEW.number <> OLD.number OR NEW.submission_id <> OLD.submission_id",
        "SELECT 1",
        "the name of a report is written once",
    ),
)


def upgrade() -> None:
    put_up(op.get_bind(), GUARDS)


def downgrade() -> None:
    take_down(op.get_bind(), GUARDS)
