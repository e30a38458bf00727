"""When an alarm calls whom, while nobody has undertaken it (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

EVERY = timedelta(minutes=10)
SUPERVISOR_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its number from 0, its moment, and whether the supervisor is called as well."""

    step: int
    at: datetime
    to_supervisor: bool


def due_calls(raised_at: datetime, undertaken_at: datetime | None, at: datetime) -> list[Call]:
    """Return the calls due until now: at once, then every 10 minutes, from 30 on to the supervisor too."""
    calls: list[Call] = []
    moment = raised_at
    while moment <= at and (undertaken_at is None or moment < undertaken_at):
        calls.append(Call(len(calls), moment, moment - raised_at >= SUPERVISOR_AFTER))
        moment += EVERY
    return calls
