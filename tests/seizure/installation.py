"""A portal as careful operators run it: each part a process with its own log and temporary folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from flask import Flask

from bench.servers import ROOT, wait_for
from portal.config import Settings
from portal.run.redis_server import command, find_program
from portal.vault.client import VaultClient
from tests.fixtures.app import migrated
from tests.fixtures.portal_process import three_free_ports
from tests.fixtures.services import wait_for_redis
from tests.fixtures.vault import wait_for_vault
from tests.seizure.seeking import family

PROGRAMS: dict[str, tuple[str, ...]] = {
    "vault": ("portal.vault",),
    "public": ("portal.run.web",),
    "desk": ("portal.run.web",),
    "both faces": ("portal.run.web",),
    "worker": ("portal.run.worker", "notices"),
    "evidence worker": ("portal.run.worker", "evidence"),
    "schedule": ("portal.run.schedule",),
    "gateway": ("portal.demo.outside",),
}


@dataclass
class Installation:
    """Its folder, its processes by name, and the test's own hand on its database."""

    folder: Path
    port: int
    desk_port: int
    environ: dict[str, str]
    settings: Settings
    app: Flask
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, **environ: str) -> None:
        """Start one part; its output goes to its log, its temporary files to its own folder."""
        temporary = self.folder / "temporary" / name.replace(" ", "-")
        temporary.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", *PROGRAMS[name]] if name in PROGRAMS else self._redis()
        with (self.folder / "logs" / f"{name}.log").open("ab") as lines:
            self.processes[name] = subprocess.Popen(
                words,
                cwd=ROOT,
                env={**self.environ, "TMPDIR": str(temporary), **environ},
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )

    def _redis(self) -> list[str]:
        # Uncompressed, so that a search of its files sees what lies in them.
        return [*command(find_program(), self.settings), "--rdbcompression", "no"]

    def start_others(self) -> None:
        """Start everything but Redis and the vault, and wait until it answers."""
        for name in ("worker", "evidence worker", "schedule", "gateway"):
            self.start(name)
        self.start("public", PORTAL_FACES="public")
        self.start("desk", PORTAL_FACES="desk", PORTAL_PORT=str(self.desk_port))
        wait_for(self.port, "/readyz")
        wait_for(self.desk_port, "/readyz")
        wait_for(self.port + 1, "/")

    def wait_for_vault(self) -> None:
        """Until it answers."""
        wait_for_vault(self.processes["vault"], self.settings.vault_socket)

    def wait_for_redis(self) -> None:
        """Until it answers."""
        wait_for_redis(self.settings.redis_url)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop one part with everything that it started."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, number)
        process.wait(60)

    def end_all(self) -> None:
        """Leave nothing running."""
        for name in list(self.processes):
            self.end(name, signal.SIGKILL)

    def of(self, *names: str) -> list[psutil.Process]:
        """The processes of some parts, with their children."""
        return [one for name in names for one in family(self.processes[name].pid)]


@contextmanager
def installed(folder: Path, database_url: str = "", **more: str) -> Iterator[Installation]:
    """An empty portal whose parts are not started yet."""
    port, desk_port = three_free_ports(), three_free_ports()
    environ = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PORTAL_ENV": "development",
        "PORTAL_DATA": str(folder / "data"),
        "PORTAL_PORT": str(port),
        "PORTAL_CHALLENGE": "null",
        "DATABASE_URL": database_url,
        "SMS_GATEWAY_URL": f"http://127.0.0.1:{port + 1}/sms",
        "SMS_GATEWAY_TOKEN": "a token of this test",
        "SMTP_URL": "smtp://127.0.0.1:9",  # nobody listens: every letter fails
        "WEB_WORKERS": "1",
        "PROXY_HOPS": "1",
        "ALERT_DELAY_MINUTES": "0-0",
        "CITY_ZONE": _zone_where_it_is_noon(),
        **more,
    }
    (folder / "logs").mkdir()
    settings = Settings.load(environ)
    with ExitStack() as stack:
        app = stack.enter_context(migrated(settings))
        app.extensions["portal_vault"] = VaultClient(settings.vault_socket)
        made = Installation(folder, port, desk_port, environ, settings, app)
        stack.callback(made.end_all)
        yield made


def _zone_where_it_is_noon() -> str:
    """No alert goes out at night."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
