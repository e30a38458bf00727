"""The seizure table: what somebody finds in each part of a portal that he took away.

The tests search every part for every kind; docs/threat-model.md shows this very table.
``python -m tests.seizure.table`` prints it.
"""

from __future__ import annotations

from enum import StrEnum

from tests.seizure.canaries import Kind


class Part(StrEnum):
    """What can be taken."""

    PUBLIC = "public web process: memory"
    PUBLIC_DISK = "public web process: disk"
    DESK = "desk web process: memory"
    WORKERS = "workers and schedule: memory"
    REDIS = "Redis: memory and files"
    DATABASE = "database"
    EVIDENCE = "evidence store"
    BACKUP = "backup without keys"
    LOGS = "logs of all processes"
    TEMPORARY = "temporary files"


class Seen(StrEnum):
    """Whether it is found there."""

    YES = "yes"
    LATELY = "lately"
    NO = "–"


TYPED = frozenset({Part.PUBLIC})
OPENED = frozenset({Part.PUBLIC, Part.DESK})
STAFF = frozenset({Part.DESK})
STORED = frozenset({Part.DATABASE, Part.BACKUP})
NOWHERE: frozenset[Part] = frozenset()
ANYWHERE_LATELY = frozenset({Part.PUBLIC, Part.DESK, Part.WORKERS})

# Kind -> where it is found, and where what passed through lately may be. Everything else is never.
FOUND: dict[Kind, tuple[frozenset[Part], frozenset[Part]]] = {
    Kind.TEXT: (STORED, ANYWHERE_LATELY),
    Kind.PLACE: (STORED, ANYWHERE_LATELY),
    Kind.MISSED: (STORED, ANYWHERE_LATELY),
    Kind.MESSAGE: (STORED, ANYWHERE_LATELY),
    Kind.REASON: (STORED, OPENED),
    Kind.UNSENT: (NOWHERE, TYPED),
    Kind.NAME: (NOWHERE, OPENED),
    Kind.TELEPHONE: (NOWHERE, OPENED),
    Kind.EMAIL: (NOWHERE, OPENED),
    Kind.ALERT_MAIL: (NOWHERE, TYPED),
    Kind.ALERT_SMS: (NOWHERE, TYPED),
    Kind.CUT_NUMBER: (NOWHERE, OPENED),
    Kind.CUT_IDENTITY: (NOWHERE, OPENED),
    Kind.CUT_ACCOUNT: (NOWHERE, OPENED),
    Kind.RECEIPT: (NOWHERE, OPENED),
    Kind.EXIF: (NOWHERE, ANYWHERE_LATELY),
    Kind.FILE_NAME: (NOWHERE, OPENED),
    Kind.PDF_AUTHOR: (NOWHERE, ANYWHERE_LATELY),
    Kind.HOLDER: (NOWHERE, OPENED),
    Kind.ACCOUNT: (NOWHERE, OPENED),
    Kind.NETWORK: (NOWHERE, TYPED),
    Kind.VISIT: (NOWHERE, TYPED),
    Kind.PASSWORD: (NOWHERE, STAFF),
    Kind.TOTP: (NOWHERE, STAFF),
    Kind.RECOVERY: (NOWHERE, STAFF),
    Kind.SESSION: (NOWHERE, STAFF),
    Kind.LINK: (NOWHERE, STAFF),
    Kind.RECEIPT_KEY: (frozenset({Part.PUBLIC, Part.PUBLIC_DISK, Part.DESK, Part.WORKERS}), NOWHERE),
    Kind.FACTOR_KEY: (STAFF, NOWHERE),
    Kind.COPY_KEY: (frozenset({Part.DESK, Part.WORKERS}), NOWHERE),
    Kind.WORKER_KEY: (NOWHERE, frozenset({Part.WORKERS})),
    Kind.VAULT_KEY: (NOWHERE, NOWHERE),
}

# Of an old report, whatever is done with it, short of opening what is sealed: what was typed again, and
# what is no secret inside the office.
READ_AGAIN: dict[Part, set[Kind]] = {
    Part.PUBLIC: {Kind.TEXT, Kind.PLACE, Kind.MISSED, Kind.MESSAGE, Kind.REASON, Kind.RECEIPT},
    Part.DESK: {Kind.TEXT, Kind.PLACE, Kind.MISSED, Kind.MESSAGE, Kind.REASON},
}


def seen(kind: Kind, part: Part) -> Seen:
    """Return what the table says."""
    certain, lately = FOUND[kind]
    return Seen.YES if part in certain else Seen.LATELY if part in lately else Seen.NO


def kinds(part: Part, *wanted: Seen) -> set[Kind]:
    """Return the kinds that a part may give away so."""
    return {kind for kind in Kind if seen(kind, part) in wanted}


def markdown() -> str:
    """Return the table as the page shows it."""
    head = ["what is looked for", *(part.value for part in Part)]
    rows = [[kind.value, *(seen(kind, part).value for part in Part)] for kind in Kind]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown())
