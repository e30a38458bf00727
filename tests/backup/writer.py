"""Somebody who files one report after the other, each with a name and a photo, until he is killed.

``python -m tests.backup.writer`` with the environment of a portal; a line of JSON for each receipt shown.
"""

from __future__ import annotations

import hashlib
import json
import os

from portal.config import Settings
from portal.factory import create_app
from tests.seizure.asking import InProcess
from tests.seizure.canaries import Planted
from tests.seizure.people import Reporter, photo


def main() -> None:
    """File reports for ever."""
    app = create_app(Settings.load(os.environ))
    while True:
        planted = Planted("written")
        file = photo(planted)
        reporter = Reporter(InProcess(app), planted)
        reporter.files_with_a_name()
        shown = {
            "code": reporter.code,
            "number": reporter.number,
            "name": planted.name,
            "photo": hashlib.sha256(file[1]).hexdigest(),
        }
        print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()
