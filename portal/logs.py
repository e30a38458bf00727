"""What the processes log: one JSON object on one line for each event, and nothing that a person typed.

The text of an exception is never written, because it may hold what it failed on; its type and the places
it passed are. Of loggers that are not ours only the fixed part of the message is written. Visitors'
addresses, paths, headers, cookies and bodies are never logged; the name of the endpoint is.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import TextIO

from flask import g, has_app_context, has_request_context, request

OURS = "portal"
EXTRAS = ("event", "status", "account", "role", "job", "count", "seconds")
"""What a call may add by ``extra``: codes and numbers."""

_ROOT = Path(__file__).resolve().parents[1]
_LONGEST = 2_000
_FRAMES = 12

log = logging.getLogger("portal.security")


class OneLine(logging.Formatter):
    """A record as one line of JSON in ASCII: no line break or escape that somebody sends gets through."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_where(),
            **{name: getattr(record, name) for name in EXTRAS if hasattr(record, name)},
        }
        if record.exc_info and record.exc_info[0] is not None:
            entry["error"] = record.exc_info[0].__name__
            entry["places"] = places(record.exc_info[2])
        return json.dumps(entry, ensure_ascii=True, default=lambda value: type(value).__name__)


def configure(stream: TextIO | None = None) -> None:
    """Let this process log by these rules, to standard error unless told otherwise."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def mark(event: str, **facts: object) -> None:
    """Log something about security under a fixed name; facts are among ``EXTRAS``."""
    log.info(event, extra={"event": event, **facts})


def places(trace: TracebackType | None) -> list[str]:
    """Return the last places that an exception passed, the innermost last, without any value."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(trace)]
    return [f"{_short(code.co_filename)}:{line} {code.co_name}" for code, line in frames[-_FRAMES:]]


def _short(name: str) -> str:
    """Return a file's name below the installation, or its last two parts."""
    path = Path(name)
    if path.is_relative_to(_ROOT):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


def _message(record: logging.LogRecord) -> str:
    """Return our own message; of others only its pattern, since its arguments may be anybody's."""
    if record.name == OURS or record.name.startswith(f"{OURS}."):
        return record.getMessage()[:_LONGEST]
    return record.msg[:_LONGEST] if isinstance(record.msg, str) and record.args else f"from {record.module}"


def _where() -> dict[str, object]:
    """Return the reference that the person was shown, and the endpoint."""
    found: dict[str, object] = {}
    if has_app_context() and "reference" in g:
        found["reference"] = g.reference
    if has_request_context():
        found["endpoint"] = request.endpoint or ""
        found["method"] = request.method if request.method.isalpha() else "?"
    return found
