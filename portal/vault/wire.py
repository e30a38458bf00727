"""Messages on the vault's socket: four bytes of length, then JSON."""

from __future__ import annotations

import socket
import time

LARGEST_REQUEST = 4 * 1024
LARGEST_ANSWER = 1024 * 1024


class TooLarge(ValueError):
    """The other end announced more than it may send."""


def send(connection: socket.socket, message: bytes) -> None:
    """Write one message."""
    connection.sendall(len(message).to_bytes(4, "big") + message)


def receive(connection: socket.socket, largest: int = LARGEST_ANSWER) -> bytes:
    """Read one message; raises TooLarge, or OSError when the other end goes away or is too slow.

    The connection's patience is for the whole message: a byte now and then does not hold a place for hours.
    """
    patience = connection.gettimeout()
    end = None if patience is None else time.monotonic() + patience
    try:
        length = int.from_bytes(_exactly(connection, 4, end), "big")
        if length > largest:
            raise TooLarge
        return _exactly(connection, length, end)
    finally:
        connection.settimeout(patience)


def _exactly(connection: socket.socket, count: int, end: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        if end is not None:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError("the other end closed the connection")
        parts += part
    return bytes(parts)
