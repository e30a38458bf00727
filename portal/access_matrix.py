"""The access matrix: every route of the desk, and which role opens it how far; made from the tables.

``python -m portal.access_matrix`` prints it; the reviewed copy stands in docs/access-matrix.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from portal.admin.access import ACCESS, Door
from portal.config import Settings
from portal.factory import create_app
from portal.people.permissions import STEP_UP, TABLE, Permission, Role

HEAD = """# Access matrix

Made by `python -m portal.access_matrix` from the tables in `portal/admin/access.py` and
`portal/people/permissions.py`, and compared with them by a test: a change of either is seen here before it is
merged. Each role's column says how far it reaches: **all**, **district** (all districts when the person has
none), **unit** (its department, in its district); empty: closed (403). A case out of reach is the same 404 as
one that does not exist. The verbs look once more, at the very case. ⚿: a second factor proved in the last
five minutes.
"""
SHORT = {
    Role.INTAKE_OFFICER: "intake",
    Role.VERIFIER: "verifier",
    Role.SUPERVISOR: "supervisor",
    Role.IDENTITY_OFFICER: "identity",
    Role.FINANCE: "finance",
    Role.CASHIER: "cashier",
    Role.AUDITOR: "auditor",
    Role.ADMINISTRATOR: "administrator",
}
_UNSEEN = frozenset({"HEAD", "OPTIONS"})


def matrix(app: Flask) -> str:
    """Return the matrix as Markdown: the desk's routes by address, then those open to everybody."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, _methods(rule)))
    closed = [rule for rule in rules if ACCESS[rule.endpoint] is not Door.PUBLIC]
    opened = [rule for rule in rules if ACCESS[rule.endpoint] is Door.PUBLIC]
    head = ["route", "methods", "permission", *SHORT.values()]
    return "\n".join(
        [
            HEAD,
            "## The desk\n",
            _line(head),
            _line(["---"] * len(head)),
            *(_line(_cells(rule)) for rule in closed),
            "\n## Open to everybody\n",
            _line(["route", "methods"]),
            _line(["---", "---"]),
            *(_line([f"`{rule.rule}`", _methods(rule)]) for rule in opened),
            "",
        ]
    )


def _cells(rule: Rule) -> Iterator[str]:
    access = ACCESS[rule.endpoint]
    yield f"`{rule.rule}`"
    yield _methods(rule)
    if not isinstance(access, Permission):
        yield "signed in"
        yield from ["all"] * len(SHORT)
        return
    yield f"{access.value}{' ⚿' if access in STEP_UP else ''}"
    for role in SHORT:
        scope = TABLE[access].get(role)
        yield scope.value if scope else ""


def _methods(rule: Rule) -> str:
    return " ".join(sorted(set(rule.methods or ()) - _UNSEEN))


def _line(cells: Iterator[str] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the matrix of an installation without data."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load({**os.environ, "PORTAL_ENV": "test", "PORTAL_DATA": folder})
        sys.stdout.write(matrix(create_app(settings, faces=frozenset({"public", "desk"}))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
