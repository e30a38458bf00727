"""The vault process: keys, a connection of its own, and a socket; no web framework, no model, no session."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import socket
import sqlite3
import stat
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from portal import clock
from portal.channels.channel import Channel
from portal.channels.registry import channels_of
from portal.config import SettingsError
from portal.config_vault import VaultSettings
from portal.vault import tables as t
from portal.vault.alerts import Alerts
from portal.vault.handling import Handler
from portal.vault.indexing import Index, digest_with
from portal.vault.keyfiles import KeyFileError
from portal.vault.opener import Opener
from portal.vault.opening import SealError
from portal.vault.original_opener import OriginalOpener
from portal.vault.pairs import VaultKeys, public_key
from portal.vault.sealing import seal_fields
from portal.vault.unsealing import open_fields
from portal.vault.wire import LARGEST_REQUEST, receive, send

log = logging.getLogger("portal.vault")

BAD_SETTINGS = 78  # EX_CONFIG of sysexits.h
MOST_AT_ONCE = 16
PATIENCE_SECONDS = 5.0
LOOK_UP_SECONDS = 1.0
CANARY = {"canary": "the vault opens what was sealed to it"}
_PR_SET_DUMPABLE = 4
_PR_SET_PDEATHSIG = 1


class CannotOpen(Exception):
    """The vault does not start; the message says why and what to do."""


class KeySource:
    """The private keys, read again when their file changes: a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = path.stat().st_mtime_ns if path.exists() else 0
        self._keys = VaultKeys.load(path)

    def __call__(self) -> VaultKeys:
        """Return the keys as they stand now; the last good ones while the file cannot be read."""
        with self._lock, suppress(OSError, KeyFileError):
            seen = self._path.stat().st_mtime_ns
            if seen != self._seen:
                self._keys, self._seen = VaultKeys.load(self._path), seen
        return self._keys


def make_handler(
    begin: Callable[[], object], keys: Callable[[], VaultKeys], settings: VaultSettings
) -> Handler:
    """Put the vault together on a way to begin transactions."""
    opener = Opener(keys, settings.daily_openings, settings.zone)
    digest = digest_with(keys)
    ways: Mapping[str, Channel] = channels_of(
        settings.sms_gateway_url,
        settings.sms_gateway_token,
        settings.smtp_url,
        settings.smtp_password,
        settings.mail_from,
    )
    alerts = Alerts(opener, digest, lambda: ways, settings.daily_alerts, settings.zone)
    originals = OriginalOpener(keys, settings.daily_openings, settings.zone)
    return Handler(begin, keys, opener, originals, alerts, Index(opener, digest))  # type: ignore[arg-type]


def check_canary(connection: Connection, keys: VaultKeys) -> None:
    """Open what was sealed to these keys at the beginning, or seal it now; raises CannotOpen.

    A vault with other keys than the database's would open nothing, and what is sealed meanwhile would be
    lost with it.
    """
    canaries = connection.execute(select(t.vault_canaries)).all()
    for row in canaries:
        if keys.pair(row.key_id) is not None:
            try:
                good = open_fields(keys, row.blob, row.wrap, canary_context(row.key_id)) == CANARY
            except SealError:
                good = False
            if not good:
                raise CannotOpen(f"The private key {row.key_id} is not the one of this database.")
    known = {row.key_id for row in canaries}
    used = used_pairs(connection)
    strangers = sorted(used - {pair.id for pair in keys.pairs})
    if strangers or (known and not known & {pair.id for pair in keys.pairs}):
        names = ", ".join(strangers or sorted(known))
        raise CannotOpen(
            f"The key file is not the one of this database: what is sealed needs the key {names}."
            " Bring the right vault.json back, or: flask vault restore-key RECOVERY_FILE"
        )
    if keys.current().id not in known:
        add_canary(connection, keys)


def used_pairs(connection: Connection) -> set[str]:
    """Return the ids of the pairs to which anything is sealed: identities and originals."""
    columns = (t.sealed_keys.c.key_id, t.original_keys.c.vault_key_id)
    return {one for column in columns for one in connection.execute(select(column).distinct()).scalars()}


def add_canary(connection: Connection, keys: VaultKeys) -> None:
    """Seal the known text to the current pair."""
    pair = keys.current()
    sealed = seal_fields(public_key(pair), CANARY, canary_context(pair.id))
    row = {"key_id": pair.id, "blob": sealed.blob, "wrap": sealed.wrap, "made_at": clock.now()}
    with suppress(IntegrityError), connection.begin_nested():  # another process was first
        connection.execute(insert(t.vault_canaries).values(**row))


def canary_context(key_id: str) -> tuple[str, ...]:
    """Return what a canary is bound to."""
    return ("canary", key_id, "1")


class Server:
    """The socket: so many connections at a time, each with its patience, each from a user that is let in."""

    def __init__(self, settings: VaultSettings, handler: Handler) -> None:
        self._settings = settings
        self._handler = handler
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._stopping = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def listen(self) -> None:
        """Make the socket; one that nobody answers on is taken over."""
        path = self._settings.socket
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and stat.S_ISSOCK(path.lstat().st_mode):
            if _somebody_answers(path):
                raise CannotOpen(f"Another vault listens on {path} already.")
            path.unlink()
        before = os.umask(0o117)
        try:
            self._listener.bind(str(path))
        except OSError as error:
            raise CannotOpen(f"The socket {path} cannot be made: {error.strerror}.") from None
        finally:
            os.umask(before)
        path.chmod(0o660)
        # A signal that comes just before `accept` would be looked at only after the next connection.
        self._listener.settimeout(LOOK_UP_SECONDS)
        self._listener.listen(64)

    def serve(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                continue
            self._places.acquire()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """End; fits into a signal handler."""
        self._stopping = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._settings.socket.unlink(missing_ok=True)

    def _talk(self, connection: socket.socket) -> None:
        """Answer one connection, whatever it sends."""
        try:
            with connection:
                connection.settimeout(PATIENCE_SECONDS)
                if _uid_of(connection) not in self._settings.allowed_uids:
                    log.warning("somebody who is not let in asked")
                    return
                send(connection, self._handler.answer(receive(connection, LARGEST_REQUEST)))
        except (OSError, ValueError):
            log.info("a connection ended early")
        finally:
            self._places.release()


def _uid_of(connection: socket.socket) -> int:
    """Return the user at the other end, as the kernel says."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def _somebody_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def harden() -> None:
    """Leave no copy of the memory anywhere: no core file, no look from another process of this user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if "WOODPECKER_SUPERVISOR_PID" in os.environ:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def connect(settings: VaultSettings) -> Engine:
    """Return the vault's own way to the database; statements never show their values."""
    return create_engine(settings.database_url, hide_parameters=True, pool_size=4, max_overflow=12)


def main(environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; one message when it cannot start."""
    harden()
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    try:
        settings = VaultSettings.load(environ)
        keys = KeySource(settings.keys)
        engine = connect(settings)
        with engine.begin() as connection:
            check_canary(connection, keys())
        server = Server(settings, make_handler(engine.begin, keys, settings))
        server.listen()
    except (SettingsError, KeyFileError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program
        return BAD_SETTINGS
    except CannotOpen as error:
        print(f"The vault does not start. {error}", file=sys.stderr)  # noqa: T201
        return 1
    except (SQLAlchemyError, sqlite3.Error) as error:
        kind = type(error).__name__
        print(f"The vault does not start: its database does not answer ({kind}).", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    server.serve()
    return 0
