"""What reporters had erased: a list of ids and times without any content, applied again after a restore."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from portal.backup.manifest import BackupError, sync
from portal.reports.alerts import STOPPED
from portal.retention.erasure import ACTION
from portal.retention.kinds import Kind

NAME = "erased.json"
FORMAT = "woodpecker-erased"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Erased:
    """One erasure at a reporter's word: of which report, what, and when."""

    report: str
    kinds: tuple[Kind, ...]
    at: datetime


def read_from(connection: Connection) -> Iterator[Erased]:
    """Yield every erasure that the event log knows, by plain SQL: an older shape has the same columns."""
    if "events" not in inspect(connection).get_table_names():
        return
    rows = connection.execute(
        text(
            "SELECT reports.uuid, events.action, events.facts, events.at FROM events"
            " JOIN reports ON reports.id = events.report_id"
            " WHERE events.action IN (:erased, :stopped) ORDER BY events.id"
        ),
        {"erased": ACTION, "stopped": STOPPED},
    )
    for report, action, facts, at in rows:
        known = json.loads(facts) if isinstance(facts, str) else facts
        kinds = (Kind.ALERT,) if action == STOPPED else tuple(Kind(one) for one in known["kinds"])
        yield Erased(str(report), kinds, _instant(at))


def write(path: Path, erased: Iterable[Erased]) -> int:
    """Write the list in one step, for its owner alone; returns how many there are."""
    entries = [
        {"report": one.report, "kinds": [kind.value for kind in one.kinds], "at": one.at.isoformat()}
        for one in erased
    ]
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, "version": VERSION, "erased": entries}, file)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync(path.parent)
    return len(entries)


def read(path: Path) -> list[Erased]:
    """Return the erasures of a list; raises BackupError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ValueError
        return [
            Erased(str(one["report"]), tuple(map(Kind, one["kinds"])), datetime.fromisoformat(one["at"]))
            for one in document["erased"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError(f"{path} is no list of erasures, or cannot be read.") from None


def _instant(value: datetime | str) -> datetime:
    """SQLite gives the text that stands in the file, in UTC."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
