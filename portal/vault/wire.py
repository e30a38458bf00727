"""Messages on the vault's socket: four bytes of length, then JSON."""

from __future__ import annotations

import socket

LARGEST_REQUEST = 4 * 1024
LARGEST_ANSWER = 1024 * 1024


class TooLarge(ValueError):
    """The other end announced more than it may send."""


def send(connection: socket.socket, message: bytes) -> None:
    """Write one message."""
    connection.sendall(len(message).to_bytes(4, "big") + message)


def receive(connection: socket.socket, largest: int = LARGEST_ANSWER) -> bytes:
    """Read one message; raises TooLarge, or OSError when the other end goes away or is too slow."""
    length = int.from_bytes(_exactly(connection, 4), "big")
    if length > largest:
        raise TooLarge
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError("the other end closed the connection")
        parts += part
    return bytes(parts)
