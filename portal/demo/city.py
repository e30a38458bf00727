"""`python -m portal.demo.city --if-empty`: the demonstration city, made in one transaction or not at all."""

from __future__ import annotations

import heapq
import os
import random
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import cast

from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.cases import triage
from portal.cases.models import Case
from portal.config import Mode, Settings, SettingsError
from portal.database import db
from portal.demo import firms, people, rules
from portal.demo.cast import PLOTS, Due, Plot
from portal.demo.stories import STORIES
from portal.demo.tale import Office, Tale
from portal.evidence import jobs
from portal.evidence.models import CleanState, Evidence
from portal.evidence.vaulted import Originals
from portal.factory import create_app
from portal.notices import inbox
from portal.notices.models import Notice
from portal.people.actor import SYSTEM
from portal.people.models import Account, District
from portal.reports import news, receipt
from portal.rewards import fund, shares
from portal.run.migrate import MigrationError, migrate
from portal.vault.keys import Keyring

BAD_SETTINGS = 78  # EX_CONFIG of sysexits.h
HISTORY = timedelta(days=150)
UNREAD = timedelta(days=4)
LEAST_FUND_FEN = 1_000_000 * 100
CLEANED_AT_ONCE = 8
"""Pictures whose clean copies are made here; the worker makes the others in the first seconds."""


class NoCity(Exception):
    """The demonstration city cannot be made; the message says why."""


def is_empty() -> bool:
    """Say whether there is neither a case nor an account."""
    found = db.session.scalar(select(func.count(Case.id))) or db.session.scalar(
        select(func.count(Account.id))
    )
    return not found


def make(app: Flask, at: datetime) -> None:
    """Make the whole city as it stands at this moment, commit, and write the list of accounts."""
    settings = cast(Settings, app.extensions["portal_settings"])
    if settings.is_production:
        raise NoCity("The demonstration city is not made in production (PORTAL_ENV=production).")
    if settings.fund_total_fen < LEAST_FUND_FEN:
        raise NoCity("FUND_TOTAL is too small for the demonstration; it needs at least 1000000 (yuan).")
    office = _open(app, settings, at)
    _tell(office)
    rules.upload_one(office)
    _read_notices(office)
    listed = accounts_path(settings)
    draft = listed.with_suffix(".new")
    # Written before the commit and named after it: a kill in between loses nothing, see ``finish``.
    people.write_private(draft, _listing(office))
    db.session.commit()
    finish(settings)
    _let_reporters_look(office)


def finish(settings: Settings) -> bool:
    """Give the list of accounts its name if a kill after the commit left it without; True if it is there."""
    listed = accounts_path(settings)
    draft = listed.with_suffix(".new")
    if draft.exists():
        draft.replace(listed)
    return listed.exists()


def accounts_path(settings: Settings) -> Path:
    """Where the accounts of the demonstration are listed, readable by its owner alone."""
    return settings.data / "demo-accounts.json"


def _open(app: Flask, settings: Settings, at: datetime) -> Office:
    """Make units, staff and funds."""
    ring = cast(Keyring, app.extensions["portal_keyring"])
    began = at - HISTORY
    people.make_units()
    staff = people.hire(ring, began)
    firms.fill(people.ids_of(District), SYSTEM, began)
    people.make_roster(staff, clock.city_date(at, settings.zone), began)
    for year in sorted({clock.city_date(moment, settings.zone).year for moment in (began, at)}):
        decided = clock.city_midnight(date(year, 1, 5), settings.zone)
        fund.add_budget(
            year, settings.fund_total_fen, "demonstration", staff["caiwu"].actor, min(decided, began)
        )
    originals = cast(Originals, app.extensions["portal_originals"])
    return Office(settings, ring, originals, staff, people.ids_of(District), at, {})


def _tell(office: Office) -> None:
    """Let all stories happen side by side, step after step in the order of time."""
    stories = {story.key: story for story in STORIES}
    order: list[tuple[datetime, int, Iterator[datetime], Tale | None]] = []
    for number, plot in enumerate(PLOTS):
        begins = _beginning(plot, office)
        tale = Tale(office, stories[plot.story], plot.teller, begins, plot.photographs)
        office.tales[plot.story] = tale
        order.append((begins, number, plot.way(tale), tale))
    order.append((office.now - HISTORY, len(PLOTS), _nights(office), None))
    heapq.heapify(order)
    while order:
        at, number, steps, moving = order[0]
        if moving is not None:
            moving.at = at
        following = next(steps, None)
        if following is None:
            heapq.heappop(order)
        else:
            heapq.heapreplace(order, (following, number, steps, moving))


def _beginning(plot: Plot, office: Office) -> datetime:
    """Return when a report came: an hour at which people write, and never one that has not come yet."""
    if isinstance(plot.begins, Due):
        return plot.begins.begins(office)
    if plot.begins < 1:
        return office.now - timedelta(days=plot.begins)
    zone = office.settings.zone
    day = clock.city_date(office.now, zone) - timedelta(days=int(plot.begins))
    minutes = random.Random(plot.story).randrange(7 * 60, 22 * 60)
    return datetime.combine(day, time(0), tzinfo=zone) + timedelta(minutes=minutes)


def _nights(office: Office) -> Iterator[datetime]:
    """Do what the schedule does, each night: close what was answered, give back what was not claimed."""
    zone = office.settings.zone
    at = datetime.combine(clock.city_date(office.now - HISTORY, zone), time(0, 30), tzinfo=zone)
    while at < office.now:
        yield at
        triage.close_answered(at)
        shares.expire_shares(at)
        at += timedelta(days=1)


def _read_notices(office: Office) -> None:
    """Let the staff have read what is older than a few days."""
    read_at = office.now - UNREAD
    last = db.session.scalar(select(func.max(Notice.id)).where(Notice.created_at < read_at))
    for hired in office.staff.values():
        inbox.mark_read(hired.account.id, last or 0, read_at)


def _let_reporters_look(office: Office) -> None:
    """Let those whose receipts are listed have seen all news but the last."""
    for plot in PLOTS:
        if plot.shown:
            report_id = office.tales[plot.story].report_id
            told = news.unread(report_id)[:-1]
            db.session.commit()  # a writer of its own follows, which must not wait for this reader
            news.mark_read(
                report_id, told, [], told[-1].created_at + timedelta(hours=3) if told else office.now
            )


def _listing(office: Office) -> dict[str, object]:
    """Return what the list of the demonstration says: accounts, and receipts to look at."""
    receipts = [
        {
            "number": tale.report.number,
            "code": " ".join(receipt.groups(tale.code)),
            "state": plot.shown,
        }
        for plot in PLOTS
        if plot.shown
        for tale in (office.tales[plot.story],)
    ]
    return {"accounts": people.account_rows(office.staff), "receipts": receipts}


def clean_some(limit: int = CLEANED_AT_ONCE) -> None:
    """Make the clean copies of the newest pictures, so that the first case pages show theirs."""
    waiting = db.session.scalars(
        select(Evidence.id)
        .where(Evidence.clean_state == CleanState.PENDING)
        .order_by(Evidence.id.desc())
        .limit(limit)
    ).all()
    db.session.rollback()
    for evidence_id in waiting:
        jobs.clean(evidence_id)


def run(settings: Settings, *, if_empty: bool) -> str:
    """Make the city where there is none; return a sentence about what was done. Raises NoCity."""
    app = create_app(settings, faces=frozenset({"desk"}))
    with app.app_context():
        try:
            return _fill(app, settings, if_empty)
        finally:
            db.session.remove()
            db.engine.dispose()


def _fill(app: Flask, settings: Settings, if_empty: bool) -> str:
    empty = is_empty()
    db.session.rollback()
    if empty:
        make(app, clock.now())
        clean_some()
        return ""
    if not if_empty:
        raise NoCity("There are cases already; `make demo-reset` throws the demonstration away.")
    if finish(settings):
        return ""
    return (
        "There are cases or accounts, but no demo-accounts.json: nothing was made."
        " `make demo-reset` throws the demonstration away."
    )


def main(words: list[str]) -> int:
    """Make it, or say why not."""
    if os.environ.get("PORTAL_ENV") == Mode.PRODUCTION:
        print("The demonstration city is not made in production (PORTAL_ENV=production).", file=sys.stderr)
        return BAD_SETTINGS
    try:
        settings = Settings.load(os.environ)
        migrate(settings.database_url, {**os.environ, "PORTAL_DATA": str(settings.data)})
        said = run(settings, if_empty="--if-empty" in words)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    except (NoCity, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    if said:
        print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
