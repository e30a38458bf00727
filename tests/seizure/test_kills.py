"""If these fail, a power cut loses a report, doubles it, or shows a name that nobody wrote down.

The programs are killed at random moments while somebody waits for the answer; then they start again.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bench.servers import wait_for
from portal import clock
from portal.audit.models import Event
from portal.database import db
from portal.evidence.models import Evidence, StagedFile
from portal.people.models import StaffSession
from portal.people.permissions import Role
from portal.reports import receipt
from portal.reports.models import Report
from portal.vault.client import VaultClient, VaultRefused
from portal.vault.groups import FieldGroup
from portal.vault.keys import Purpose
from portal.vault.models import Opening
from portal.vault.refusals import Why
from tests.fixtures.evidence import read_original
from tests.fixtures.services import own_database
from tests.fixtures.vault import opened
from tests.seizure.asking import Answer, Browser, OverHttp
from tests.seizure.canaries import Planted
from tests.seizure.installation import Installation, installed
from tests.seizure.people import CODE, Office, Reporter, photo, well

KILLS = int(os.environ.get("ASSURE_KILLS", "100"))
WITHIN = {"sending": 0.25, "opening": 0.12}  # seconds in which an answer comes, and a little more
SEALED = {FieldGroup.LEGAL, FieldGroup.CONTACT, FieldGroup.ALERT}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.assure])])
def place(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Installation]:
    """A portal with one web process and its vault; nobody's day is used up."""
    with ExitStack() as stack:
        # Short on purpose: the name of a unix socket may have about a hundred bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wp-")))
        address = ""
        if request.param == "postgresql":
            address = stack.enter_context(own_database(request.getfixturevalue("postgres_server")))
        more = {"REDIS_URL": redis_url, "VAULT_DAILY_OPENINGS": "1000"}
        made = stack.enter_context(installed(folder, address, **more))
        made.start("vault")
        started(made, "both faces")
        made.wait_for_vault()
        yield made


def started(place: Installation, name: str) -> None:
    """Start a part, and wait until it answers."""
    place.start(name)
    if name == "vault":
        place.wait_for_vault()
    else:
        wait_for(place.port, "/readyz")


@dataclass
class Waiting:
    """Somebody who sent something and waits; the answer may never come."""

    ask: Callable[[], Answer]
    answer: Answer | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._wait)
        self.thread.start()

    def _wait(self) -> None:
        with suppress(OSError, HTTPException):
            self.answer = self.ask()

    def while_killed(self, place: Installation, name: str, after: float) -> Answer | None:
        """Kill a part after so many seconds, start it again; returns what came all the same."""
        time.sleep(after)
        place.end(name, signal.SIGKILL)
        started(place, name)
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.answer


def count(model: type[Report] | type[Event], *where: object) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]


def a_submission(place: Installation, chance: random.Random) -> str:
    """Send one form with a name and a photo through a kill, until a receipt comes; says what the kill hit."""
    planted = Planted("killed")
    browser = OverHttp(place.port, planted.network)
    answers = {**Reporter(browser, planted).typed(), "narrative": f"{planted.text}，东门锁着。"}
    file = photo(planted)
    form = {**browser.get("/report").hidden, **answers, "action": "send"}

    def send() -> Answer:
        return browser.post("/report", form, [file])

    first = Waiting(send).while_killed(place, "both faces", chance.uniform(0, WITHIN["sending"]))
    with place.app.app_context():
        kept = count(Report, Report.narrative == form["narrative"])
        db.session.rollback()
    shown = [answer for answer in (first, well(send(), 200), well(send(), 200)) if answer is not None]
    codes = {"".join(CODE.findall(answer.text)) for answer in shown}
    assert len(codes) == 1
    check_submission(place, codes.pop(), answers, file[1])
    return "answered" if first else "kept" if kept else "lost"


def check_submission(place: Installation, code: str, answers: dict[str, str], content: bytes) -> None:
    """One report, its code, its sealed groups, its photo."""
    with place.app.app_context():
        _, secret = place.app.extensions["portal_keyring"].current(Purpose.RECEIPT)
        report = db.session.scalars(
            select(Report).where(Report.receipt_digest == receipt.digest(code, secret))
        ).one()
        assert count(Report, Report.narrative == answers["narrative"]) == 1
        assert count(Event, Event.report_id == report.id, Event.action == "report_received") == 1
        found = {group: opened(report, group) for group in SEALED}
        assert found[FieldGroup.LEGAL]["name"] == answers["name"]
        assert found[FieldGroup.CONTACT]["telephone"] == answers["telephone"]
        assert answers["alert_address"] in found[FieldGroup.ALERT].values()
        (item,) = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id))
        assert item.digest == hashlib.sha256(content).hexdigest()
        assert read_original(place.app, item.original) == content
        staged = select(StagedFile.id).where(StagedFile.submission_id == report.submission_id)
        assert db.session.scalars(staged).all() == []
        db.session.rollback()


def submissions(place: Installation, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    hit = Counter(a_submission(place, chance) for _ in range(kills))
    print(f"{kills} submissions killed (seed {seed}): {dict(hit)}; each became one report with one code")


@pytest.mark.timeout(120)
def test_a_report_whose_sending_is_killed_is_there_once_with_one_code(place: Installation) -> None:
    submissions(place, 1, seed=11)


@pytest.mark.assure
@pytest.mark.timeout(3600)
def test_a_hundred_reports_whose_sending_is_killed_are_there_once(place: Installation) -> None:
    submissions(place, KILLS, seed=111)


@dataclass
class Revealing:
    """An officer who opens a telephone number again and again, while something dies."""

    place: Installation
    officer: Browser
    number: str
    telephone: str
    checked: int = 0
    hit: Counter[str] = field(default_factory=Counter)

    @property
    def path(self) -> str:
        return f"/desk/cases/{self.number}/contact/{self.number}"

    def ask(self) -> Callable[[], Answer]:
        """Open the page; returns what sends its form."""
        with self.place.app.app_context():  # a hundred kills last longer than a second factor does
            db.session.execute(update(StaffSession).values(factor_at=clock.now()))
            db.session.commit()
        page = well(self.officer.get(self.path), 200)
        return lambda: self.officer.post(
            self.path, {**page.hidden, "because": "other", "reason": "去现场前要问路"}
        )

    def once(self, name: str, after: float) -> None:
        """Kill a part in the middle, then look at the rows."""
        answer = Waiting(self.ask()).while_killed(self.place, name, after)
        shown = answer is not None and self.telephone in answer.text
        rows = self._new_rows()
        self.hit["shown" if shown else "served, not shown" if any(rows) else "not opened"] += 1
        assert len(rows) <= 1
        assert not shown or rows == [True]
        assert self.telephone in well(self.ask()(), 200).text  # afterwards it works
        assert self._new_rows() == [True]

    def _new_rows(self) -> list[bool]:
        """Whether each new request was served; each has its event, and none is served again."""
        with self.place.app.app_context():
            wanted = (Opening.id, Opening.served_at, Event.action)
            query = select(*wanted).outerjoin(Event, Event.id == Opening.event_id)
            rows = db.session.execute(query.order_by(Opening.asked_at).offset(self.checked)).all()
            db.session.rollback()
        self.checked += len(rows)
        for opening_id, served_at, action in rows:
            assert action == "contact_opened"
            if served_at is not None:
                with pytest.raises(VaultRefused) as caught:
                    VaultClient(self.place.settings.vault_socket).reveal(opening_id)
                assert caught.value.why is Why.SERVED
        return [served_at is not None for _, served_at, _ in rows]


@pytest.fixture(scope="module")
def revealing(place: Installation) -> Revealing:
    """An officer who is signed in, and a report with a telephone number."""
    planted = Planted("revealed")
    office, reporter = Office(place.app, planted), Reporter(OverHttp(place.port), planted)
    reporter.files_with_a_name()
    administrator = office.administrator(OverHttp(place.port), "admin.kills")
    officer = office.invites(administrator, OverHttp(place.port), "officer.kills", Role.INTAKE_OFFICER)
    return Revealing(place, officer, reporter.number, planted.telephone)


@pytest.mark.timeout(120)
def test_what_is_shown_while_the_vault_is_killed_stands_in_the_log(revealing: Revealing) -> None:
    revealing.once("vault", 0.05)


@pytest.mark.assure
@pytest.mark.timeout(3600)
def test_nothing_is_shown_unlogged_or_twice_through_a_hundred_kills(revealing: Revealing) -> None:
    chance = random.Random(112)
    for number in range(KILLS):
        revealing.once("both faces" if number % 2 else "vault", chance.uniform(0, WITHIN["opening"]))
    print(f"{KILLS} reveals killed (seed 112), web and vault in turn: {dict(revealing.hit)}")
