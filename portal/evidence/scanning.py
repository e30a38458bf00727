"""The virus scanner: one original at a time through clamd's INSTREAM, over its socket."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from portal.evidence.store import Readable

CHUNK_BYTES = 256 * 1024
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 120.0
_ANSWER_BYTES = 4096


class Verdict(StrEnum):
    """What the scanner says of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    TOO_LARGE = "too_large"  # longer than clamd's own StreamMaxLength


@dataclass(frozen=True, slots=True)
class Version:
    """What a scanner says of itself; ``signatures`` is when its list was made, None when it does not say."""

    name: str
    signatures: datetime | None


class ScannerDown(Exception):
    """The scanner is configured and does not answer; the file waits."""


class Clamd:
    """A clamd behind unix:///path or tcp://host:port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = parts.path if parts.scheme == "unix" else ""
        self._address = (parts.hostname or "localhost", parts.port or 3310)

    def scan(self, stream: Readable) -> Verdict:
        """Send a file in chunks, each behind its length, and read one sentence; raises ScannerDown."""
        try:
            with self._connect() as connection:
                connection.settimeout(ANSWER_SECONDS)
                return _verdict(_ask(connection, stream))
        except OSError as error:
            raise ScannerDown(type(error).__name__) from None

    def version(self) -> Version:
        """Ask who it is, as for a sign of life; no file is needed. Raises ScannerDown."""
        try:
            with self._connect() as connection:
                connection.sendall(b"zVERSION\0")
                return _read_version(_answer(connection))
        except OSError as error:
            raise ScannerDown(type(error).__name__) from None

    def _connect(self) -> socket.socket:
        if not self._path:
            return socket.create_connection(self._address, CONNECT_SECONDS)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection


def _ask(connection: socket.socket, stream: Readable) -> bytes:
    """Send the whole stream, unless clamd hangs up because it is too long; return the answer."""
    try:
        connection.sendall(b"zINSTREAM\0")
        while chunk := stream.read(CHUNK_BYTES):
            connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
        connection.sendall(bytes(4))
    except (BrokenPipeError, ConnectionResetError):
        pass  # its answer may still wait to be read
    return _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    """Read one sentence."""
    answer = b""
    while len(answer) < _ANSWER_BYTES and not answer.endswith(b"\0"):
        piece = connection.recv(_ANSWER_BYTES)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0\n")


def _read_version(answer: bytes) -> Version:
    """Read `ClamAV 1.4.3/27800/Fri Nov 20 09:37:58 2026`; the part behind the name may be missing."""
    name, *rest = answer.decode("ascii", "replace").split("/")
    if not name.startswith("ClamAV") or not name.isprintable():
        raise ScannerDown("no version")
    try:
        made = datetime.strptime(rest[1], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        made = None
    return Version(name, made)


def _verdict(answer: bytes) -> Verdict:
    """Read clamd's sentence; anything that is not one of its three is no verdict."""
    if answer == b"stream: OK":
        return Verdict.CLEAN
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return Verdict.INFECTED
    if b"size limit exceeded" in answer:
        return Verdict.TOO_LARGE
    raise ScannerDown("no verdict")
