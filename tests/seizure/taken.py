"""One portal in which people did everything, with forced errors, and what was found in each part of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from portal.backup.taking import take
from portal.database import db
from portal.evidence.models import CleanState, Evidence
from portal.people.permissions import Role
from portal.vault.keys import Purpose
from portal.vault.pairs import VaultKeys
from portal.vault.working import WorkingKeys
from tests.fixtures.services import plain, postgres_programs
from tests.seizure.asking import InProcess, OverHttp
from tests.seizure.canaries import Canary, Kind, Planted
from tests.seizure.faults import Faults
from tests.seizure.installation import Installation
from tests.seizure.people import Office, Reporter, well
from tests.seizure.seeking import Search, files_in
from tests.seizure.table import Part

PATIENCE = 60.0


@dataclass
class Taken:
    """A portal after everything; ``before`` was sealed before its web processes were started."""

    place: Installation
    before: Planted = field(default_factory=lambda: Planted("before"))
    now: Planted = field(default_factory=lambda: Planted("now"))
    faults: dict[str, int] = field(default_factory=dict)
    old: Reporter | None = None
    searches: dict[Part, Search] = field(default_factory=dict)

    def lives(self) -> None:
        """Let everybody do everything."""
        place = self.place
        place.start("redis")
        place.wait_for_redis()
        place.start("vault")
        place.wait_for_vault()
        self._life_before()
        place.start_others()
        self._life_now()
        _until(self._all_is_cleaned)
        _until(lambda: self.now.alert_sms in OverHttp(place.port + 1).get("/").text)

    def _life_before(self) -> None:
        app = self.place.app
        office, self.old = Office(app, self.before), Reporter(InProcess(app), self.before)
        self.old.does_everything()
        office.awards(self.old.number)
        self.old.claims()
        self.before.mint(Kind.VISIT, self.old.token(app))
        administrator = office.administrator(InProcess(app), "admin.before")
        office.invites(administrator, InProcess(app), "officer.before", Role.INTAKE_OFFICER)

    def _life_now(self) -> None:
        place, now = self.place, self.now
        office, faults = Office(place.app, now), Faults(place, now)
        visitor = OverHttp(place.port, now.network, now.browser)
        reporter = Reporter(visitor, now)
        reporter.does_everything()
        award = office.awards(reporter.number)
        reporter.claims()
        now.mint(Kind.VISIT, reporter.token(place.app))
        faults.of_the_reporter(reporter)
        faults.of_any_visitor(visitor)
        faults.without_redis(reporter)
        self._desk(office, faults, reporter.number, award)
        self._old_report_is_read(office)
        self.faults = faults.statuses

    def _desk(self, office: Office, faults: Faults, number: str, award: str) -> None:
        """Everybody opens what only he may open."""
        port, now = self.place.desk_port, self.now
        administrator = office.administrator(OverHttp(port), "admin.now")
        hired = [
            office.invites(administrator, OverHttp(port), f"{role.value.replace('_', '.')}.now", role)
            for role in (Role.INTAKE_OFFICER, Role.IDENTITY_OFFICER, Role.CASHIER)
        ]
        officer, identity, cashier = hired
        office.enters_a_call(officer)
        assert now.telephone in office.reveals(officer, f"/desk/cases/{number}/contact/{number}")
        assert now.name in office.reveals(
            identity, f"/desk/identity/{number}", f"/desk/identity/{number}/name"
        )
        shown = office.reveals(identity, f"/desk/cut-out?number={number}", "/desk/cut-out", number=number)
        assert now.cut_account in shown
        path = f"/desk/payouts/{award}"
        assert now.account in office.reveals(cashier, path, f"{path}/payee")
        office.pays(cashier, award)
        faults.of_the_desk(office, officer, number)
        faults.of_logging_in(OverHttp(port))
        self._officer = officer

    def _old_report_is_read(self, office: Office) -> None:
        """The old report is looked at on both faces; nothing of it is opened."""
        assert self.old is not None
        again = Reporter(OverHttp(self.place.port), self.before, self.old.code, self.old.number)
        again.enters()
        assert self.before.message in well(again.browser.get("/track/report")).text
        page = well(self._officer.get(f"/desk/cases/{self.old.number}")).text
        assert self.before.text in page

    def _all_is_cleaned(self) -> bool:
        with self.place.app.app_context():
            wanted = func.count(Evidence.id).filter(Evidence.clean_state == CleanState.PENDING)
            left = db.session.scalar(select(wanted))
            db.session.rollback()
        return left == 0

    def own_keys(self) -> list[Canary]:
        """The keys of this portal as canaries."""
        ring = self.place.app.extensions["portal_keyring"]
        vault = VaultKeys.load(self.place.settings.keys_path / "vault.json")
        workers = WorkingKeys.load(self.place.settings.keys_path / "worker.json")
        return [
            Canary("keys", Kind.RECEIPT_KEY, raw=ring.current(Purpose.RECEIPT)[1]),
            Canary("keys", Kind.FACTOR_KEY, raw=ring.current(Purpose.TOTP)[1]),
            Canary("keys", Kind.COPY_KEY, raw=ring.current(Purpose.EVIDENCE)[1]),
            *(Canary("keys", Kind.WORKER_KEY, raw=pair.secret) for pair in workers.pairs),
            *(Canary("keys", Kind.VAULT_KEY, raw=key.secret) for key in (*vault.pairs, *vault.index)),
        ]

    def everything(self) -> list[Canary]:
        """Every canary of both rounds, and the keys."""
        return [*self.before.all(), *self.now.all(), *self.own_keys()]

    def search(self, part: Part) -> Search:
        """Look through a part, once."""
        if part not in self.searches:
            self.searches[part] = search = Search(self.everything())
            LOOKS[part](self, search)
        return self.searches[part]


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, "the workers did not get through"
        time.sleep(0.1)


def _processes(*names: str) -> Callable[[Taken, Search], None]:
    return lambda taken, search: search.through_memory(taken.place.of(*names))


def _public_disk(taken: Taken, search: Search) -> None:
    """What an operator has to put on that machine, and what its process wrote there."""
    place = taken.place
    keys = place.settings.keys_path
    logs, temporary = place.folder / "logs" / "public.log", place.folder / "temporary" / "public"
    names = ("web.json", "vault.pub", "worker.pub")
    search.through_files([*(keys / name for name in names), place.settings.data / "secret_key", logs])
    search.through_files(files_in(temporary))


def _redis(taken: Taken, search: Search) -> None:
    place = taken.place
    search.through_memory(place.of("redis"))
    search.through_files(files_in(place.settings.data / "redis"))
    with Redis.from_url(place.settings.redis_url) as redis:
        names = list(redis.scan_iter())
        assert names
        for name in names:
            search.through(name + b"\0" + (redis.dump(name) or b""))


def _database(taken: Taken, search: Search) -> None:
    address = taken.place.settings.database_url
    if address.startswith("sqlite"):
        search.through_files(sorted(taken.place.settings.data.glob("portal.db*")))
        return
    programs = postgres_programs()
    assert programs is not None
    dump = [str(programs / "pg_dump"), "--dbname", plain(address)]
    search.through(subprocess.run(dump, capture_output=True, check=True).stdout)
    for folder in _postgres_folders(address):
        search.through_files(files_in(folder / "data" / "base", folder / "data" / "pg_wal"))


def _postgres_folders(address: str) -> list[Path]:
    """Where the server of the tests keeps its files, if it is ours."""
    host = make_url(address).query.get("host", "")
    folder = Path(host if isinstance(host, str) else host[0])
    return [folder] if host and (folder / "data").is_dir() else []


def _backup(taken: Taken, search: Search) -> None:
    folder = taken.place.folder / "backup"
    made = take(taken.place.settings, folder, datetime.now(UTC)).folder
    search.through_files(files_in(folder))
    for dump in made.glob("*.dump"):
        programs = postgres_programs()
        assert programs is not None
        told = subprocess.run([programs / "pg_restore", "--file=-", dump], capture_output=True, check=True)
        search.through(told.stdout)


def _logs(taken: Taken, search: Search) -> None:
    place = taken.place
    search.through_files(files_in(place.folder / "logs"))
    search.through_files(folder / "log" for folder in _postgres_folders(place.settings.database_url))


def _temporary(taken: Taken, search: Search) -> None:
    """What else was written: temporary folders, and whatever lies in the data directory besides."""
    place = taken.place
    known = {place.settings.evidence_dir, place.settings.keys_path, place.settings.data / "redis"}
    search.through_files(files_in(place.folder / "temporary"))
    search.through_files(
        path
        for path in files_in(place.settings.data)
        if not known.intersection(path.parents) and not path.name.startswith("portal.db")
    )


LOOKS: dict[Part, Callable[[Taken, Search], None]] = {
    Part.PUBLIC: _processes("public"),
    Part.PUBLIC_DISK: _public_disk,
    Part.DESK: _processes("desk"),
    Part.WORKERS: _processes("worker", "evidence worker", "schedule"),
    Part.REDIS: _redis,
    Part.DATABASE: _database,
    Part.EVIDENCE: lambda taken, search: search.through_files(files_in(taken.place.settings.evidence_dir)),
    Part.BACKUP: _backup,
    Part.LOGS: _logs,
    Part.TEMPORARY: _temporary,
}
