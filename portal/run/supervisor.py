"""The supervisor: starts everything in order, keeps it running, and stops it in reverse."""

import fcntl
import http.client
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from portal.config import Settings, SettingsError
from portal.run.accounts import account_lines
from portal.run.jobs import QUEUES
from portal.run.migrate import ROOT, MigrationError, migrate
from portal.run.processes import REPLACED_AFTER, Child, ending
from portal.run.redis_server import NoRedis, command, find_program

BEAT = 0.1
REDIS_SECONDS = 20.0
WEB_SECONDS = 60.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not where to bind
BAD_SETTINGS = 78  # EX_CONFIG of sysexits.h


class CannotStart(Exception):
    """Something needed is missing; the message says what, and what to do."""


class Stopped(Exception):
    """Somebody asked us to stop while we were still starting."""


class Supervisor:
    """All processes of one data directory."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.children: list[Child] = []
        self.stopping = False
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        self.environ = {**os.environ, "PORTAL_DATA": str(settings.data), "PYTHONPATH": path}
        self._lock: int | None = None

    def run(self) -> None:
        """Start, announce, watch until a signal, stop. Raises CannotStart."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        try:
            self._claim_directory()
            check_port(self.settings)
            self._start_all()
            while not self.stopping:
                self._watch()
                time.sleep(BEAT)
        except Stopped:
            pass
        finally:
            self._stop_all()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """At Ctrl-C or SIGTERM."""
        self.stopping = True

    def _claim_directory(self) -> None:
        """Make sure that no other supervisor works on this data directory. Raises CannotStart."""
        path = self.settings.data / "supervisor.lock"
        self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 200).decode(errors="replace").strip()
            raise CannotStart(
                f"The portal is running already on {self.settings.data} ({owner or 'starting'}). "
                "Stop it first, or choose another directory: make run PORTAL_DATA=./other PORTAL_PORT=8100"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()}, {self.settings.origin}\n".encode(), 0)

    def _start_all(self) -> None:
        """Redis, database, demonstration, vault, web; the rest when the first page can be had."""
        if self.settings.redis_is_private:
            self._start_redis()
        was_empty = self._migrate()
        if self.settings.is_demo:
            self._fill_demonstration(was_empty)
            self._start("demonstration gateways", "portal.demo.outside", patience=3)
        # Not waited for: reports are taken while the vault is down, and it says itself why it does not start.
        self._start("vault", "portal.vault")
        web = self._start("web", "portal.run.web", patience=15)
        self._wait_for(lambda: is_ready(self.settings), web, WEB_SECONDS)
        self._announce()
        for queue in QUEUES:
            for _ in range(self.settings.workers):
                self._start(f"worker {queue}", "portal.run.worker", queue, lifetime=REPLACED_AFTER)
        self._start("schedule", "portal.run.schedule", lifetime=REPLACED_AFTER)

    def _start_redis(self) -> None:
        """The private Redis, waited for (a tenth of a second; more after many writes)."""
        try:
            program = find_program()
            child = Child("redis", command(program, self.settings))
        except NoRedis as error:
            raise CannotStart(str(error)) from error
        self.children.append(child)
        child.start(self.environ)
        self._wait_for(lambda: answers(self.settings.redis_socket), child, REDIS_SECONDS)

    def _migrate(self) -> bool:
        """Bring the database to the newest shape; True if it was empty."""
        try:
            return migrate(self.settings.database_url, self.environ)
        except MigrationError as error:
            raise CannotStart(f"The database could not be prepared:\n{error}") from error
        except Exception as error:
            raise CannotStart(
                f"The database cannot be reached ({type(error).__name__}). Check DATABASE_URL and its server."
            ) from error

    def _fill_demonstration(self, was_empty: bool) -> None:
        """Make the demonstration city where there is none."""
        if not was_empty and accounts_path(self.settings).exists():
            return
        print("The demonstration city is being made; this takes a moment ...", flush=True)
        child = Child("demonstration city", module("portal.demo.city", "--if-empty"))
        self.children.append(child)
        child.start(self.environ)
        while child.alive:
            self._rest()
        self.children.remove(child)
        code = child.process.returncode if child.process else None
        if code != 0:
            raise CannotStart(f"The demonstration city could not be made ({ending(code)}).")

    def _start(self, name: str, *words: str, patience: float = 10.0, lifetime: float = math.inf) -> Child:
        """Start one of our own modules."""
        child = Child(name, module(*words), patience, lifetime=lifetime)
        self.children.append(child)
        child.start(self.environ)
        return child

    def _wait_for(self, ready: Callable[[], bool], child: Child, seconds: float) -> None:
        """Until it is ready. Raises CannotStart if it dies or takes too long."""
        end = time.monotonic() + seconds
        while not ready():
            if not child.alive or time.monotonic() > end:
                reason = "took too long" if child.alive else "ended at once; see the lines above"
                raise CannotStart(f"{child.name} did not start: it {reason}.")
            self._rest()

    def _rest(self) -> None:
        """A short sleep while starting. Raises Stopped when asked to stop."""
        if self.stopping:
            raise Stopped
        time.sleep(BEAT / 4)

    def _watch(self) -> None:
        """Restart who died."""
        for child in self.children:
            sentence = child.watch(self.environ)
            if sentence:
                print(sentence, file=sys.stderr, flush=True)

    def _stop_all(self) -> None:
        """In reverse order; the second Ctrl-C changes nothing, because each stop has its limit."""
        if self.children:
            print("Stopping ...", flush=True)
        for child in reversed(self.children):
            child.stop()
        if self._lock is not None:
            os.close(self._lock)

    def _announce(self) -> None:
        """Say where the portal is, and in the demonstration who may sign in."""
        print(f"\n  {self.settings.origin}\n", flush=True)
        if self.settings.is_demo:
            page = f"http://localhost:{self.settings.port + 1}/"
            for line in account_lines(accounts_path(self.settings), page):
                print(line, flush=True)
        print("Ctrl-C stops it.", flush=True)


def accounts_path(settings: Settings) -> Path:
    """The list of demonstration accounts, readable by its owner alone."""
    return settings.data / "demo-accounts.json"


def module(*words: str) -> list[str]:
    """The command that runs one of our modules with this Python."""
    return [sys.executable, "-m", *words]


def check_port(settings: Settings) -> None:
    """Refuse a port that another program uses; granian would share it silently. Raises CannotStart."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as error:
            raise CannotStart(
                f"Port {settings.port} on {settings.bind} cannot be used ({error.strerror}). "
                f"Stop the program that uses it, or take another: make run PORTAL_PORT={settings.port + 100}"
            ) from error


def answers(path: Path) -> bool:
    """Whether the private Redis answers; asked by hand, because its client library loads slowly."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def is_ready(settings: Settings) -> bool:
    """Whether /readyz says that a report can be accepted."""
    address = ANY_ADDRESS.get(settings.bind, settings.bind)
    connection = http.client.HTTPConnection(address, settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": settings.host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Run until Ctrl-C or SIGTERM; prints one message when it cannot start."""
    try:
        Supervisor(Settings.load(os.environ)).run()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    return 0
