"""Run by a test in a process of its own: one pass, slowly, so that it can be killed in the middle."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from datetime import datetime

from portal.config import Settings
from portal.database import db
from portal.factory import create_app
from portal.reports.models import Report
from portal.retention import destroying, run
from portal.vault import fields
from portal.vault.groups import FieldGroup

PAUSE = float(os.environ.get("PAUSE_SECONDS", "0.005"))


def main() -> int:
    """Go on with the pass at the moment given; a short pause after each step widens what can be hit."""
    at = datetime.fromisoformat(sys.argv[1])
    destroy = fields.destroy_fields

    def slowly(report_id: int, groups: Iterable[FieldGroup]) -> int:
        count = destroy(report_id, groups)
        time.sleep(PAUSE)
        return count

    vars(destroying)["destroy_fields"] = slowly
    app = create_app(Settings.load(os.environ), faces=frozenset())
    with app.app_context():
        begun = run.current_run(at)
        print("begun", db.session.query(Report).count(), flush=True)
        if begun is not None:
            run.go_on(begun, at, 60.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
