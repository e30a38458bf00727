"""Forced errors: what people typed goes once through code that breaks, so that traces get written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import text

from portal.database import db
from tests.seizure.asking import Answer, Browser, OverHttp, sends
from tests.seizure.canaries import Planted
from tests.seizure.installation import Installation
from tests.seizure.people import Office, Reporter, photo

HUGE = 2_000_000


@contextmanager
def without_table(place: Installation, name: str) -> Iterator[None]:
    """The database has lost a table: whatever asks for it breaks in the middle."""
    _run(place, f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        _run(place, f"ALTER TABLE {name}_away RENAME TO {name}")


def _run(place: Installation, statement: str) -> None:
    with place.app.app_context(), db.engine.begin() as connection:
        connection.execute(text(statement))


@contextmanager
def without_evidence_folder(place: Installation) -> Iterator[None]:
    """A file lies where the folder of the evidence was."""
    folder = place.settings.evidence_dir
    away = folder.with_name("evidence-away")
    folder.rename(away)
    folder.write_text("")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


@dataclass
class Faults:
    """Breaks one thing after the other, and keeps what was answered."""

    place: Installation
    planted: Planted
    statuses: dict[str, int] = field(default_factory=dict)

    def _met(self, what: str, answer: Answer) -> None:
        self.statuses[what] = answer.status

    def of_the_reporter(self, reporter: Reporter) -> None:
        """On the public face."""
        browser, typed = reporter.browser, reporter.typed()
        for table in ("sealed_keys", "cases"):  # bytes in the statement that breaks, and words
            with without_table(self.place, table):
                page = sends(browser, "/report", action="send", **typed)
                posted = {**page.hidden, "found": "cut", "action": "send"}
                self._met(f"no table {table}", browser.post("/report", posted))
        with without_evidence_folder(self.place):
            self._met(
                "no folder", sends(browser, "/report", files=[photo(self.planted)], action="send", **typed)
            )
        forged = {**typed, "csrf_token": "forged", "draft": "forged", "action": "send"}
        self._met("forged token", browser.post("/report", forged))
        everything = " ".join([*typed.values(), reporter.code])
        self._met("too large", browser.post("/track", {"code": everything * (HUGE // len(everything))}))
        self._met("code in the address", browser.get(f"/track/{reporter.code}?code={reporter.code}"))

    def of_any_visitor(self, browser: OverHttp) -> None:
        """Bodies that are no form."""
        body = " ".join(self.planted.__dict__[name] for name in ("name", "telephone", "text")).encode()
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        self._met("broken form", browser.ask("POST", "/report", b"--x\r\nContent-Disposition: " + body, kind))
        self._met("not JSON", browser.ask("POST", "/uploads", body, {"Content-Type": "application/json"}))

    def without_redis(self, reporter: Reporter) -> None:
        """The doorbell is gone while somebody types the code."""
        self.place.end("redis")
        self._met("no Redis", sends(reporter.browser, "/track", code=reporter.code))
        self.place.start("redis")
        self.place.wait_for_redis()

    def of_the_desk(self, office: Office, officer: Browser, number: str) -> None:
        """On the desk."""
        path, because = (
            f"/desk/cases/{number}/contact/{number}",
            {"reason": office.planted.reason + "，要问路"},
        )
        for table in ("openings", "events"):
            with without_table(self.place, table):
                self._met(f"no table {table}", sends(officer, path, **because, because="other"))
        self.place.end("vault")
        self._met("no vault", sends(officer, path, **because, because="other"))
        self.place.start("vault")
        self.place.wait_for_vault()

    def of_logging_in(self, browser: Browser) -> None:
        """The password in the wrong field."""
        typed = {"username": self.planted.password, "password": self.planted.password, "code": "000000"}
        self._met("wrong field", sends(browser, "/desk/login", **typed))
