"""What a log-in costs beside its one password hash, in one process, in CPU time; both interleaved."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portal import clock
from portal.people import accounts
from portal.people.permissions import Role
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.staff import csrf_of, make_staff

TARGET = 1.3
BEGIN = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)


def cpu_ms(act: Callable[[], object]) -> float:
    """Return the CPU time of one call, in milliseconds."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def ratios(count: int = 30) -> list[tuple[float, float]]:
    """Return CPU milliseconds of one hash and of one log-in, pair by pair."""
    pairs = []
    with tempfile.TemporaryDirectory() as folder, migrated(make_settings(Path(folder))) as app:
        with app.app_context():
            staff = make_staff(app, Role.VERIFIER)
        for number in range(count + 3):
            at = BEGIN + number * STEP
            with clock.frozen(at):
                client = app.test_client()
                form = {"username": "li.na", "password": staff.password, "code": staff.code(at)}
                form["csrf_token"] = csrf_of(client)
                hashed = cpu_ms(lambda: accounts.password_matches(staff.account, staff.password))
                entered = cpu_ms(lambda: _enter(client.post("/desk/login", data=form).status_code))  # noqa: B023
            pairs.append((hashed, entered))
    return pairs[3:]


def _enter(status: int) -> None:
    if status != 302:
        raise RuntimeError(f"/desk/login answered {status}")


def main() -> None:
    """Print the medians and whether the target is met."""
    pairs = ratios()
    hashed, entered = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratio = statistics.median(entered / hashed for hashed, entered in pairs)
    verdict = "met" if ratio <= TARGET else "MISSED"
    print(f"Log-in {entered:.1f} ms CPU, hash {hashed:.1f} ms, ratio {ratio:.2f}: {verdict} (<= {TARGET})")
