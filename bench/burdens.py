"""What others do to a visitor: slow senders on bad networks, and a film that arrives."""

from __future__ import annotations

import re
import socket
import threading
import time

from bench.load import Browser, Round, measure
from bench.servers import Server

SENDERS = 20
BYTES_A_SECOND = 20_000
FILM_BYTES = 200_000_000
PIECE_BYTES = 8 << 20
# A film by its first bytes; the web process looks no deeper.
FILM_HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
FORM = "multipart/form-data; boundary=x"


def home(server: Server, count: int) -> Round:
    """Measure the home page as one visitor after the other sees it."""
    return measure(server, _home, count, clients=1)


def _home(browser: Browser) -> None:
    status, _ = browser.get("/")
    if status != 200:
        raise RuntimeError(f"/ answered {status}")


class SlowSenders:
    """So many visitors who each send a form of a megabyte at 20 KB a second."""

    def __init__(self, server: Server, count: int = SENDERS) -> None:
        self._port = server.port
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(count)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        time.sleep(2)  # until all of them hold what they can hold

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        head = (
            f"POST /report HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: {FORM}\r\n"
            "Content-Length: 1000000\r\n\r\n--x\r\n"
            # A photo that goes on and on: a form that is none would be refused at once.
            'Content-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        )
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            try:
                connection.sendall(head.encode())
                while not self._stop.wait(0.1):
                    connection.sendall(b"a" * (BYTES_A_SECOND // 10))
            except OSError:
                return  # the portal hung up


def film(server: Server, size: int = FILM_BYTES) -> float:
    """Upload a film in pieces, as the page's script does; return the most memory of a web process, in MB."""
    browser = Browser(server.port)
    _, page = browser.get("/report")
    found = re.search(rb'data-token="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the form gives no token for uploads")
    known = {"Tus-Resumable": "1.0.0", "Upload-Token": found[1].decode()}
    _, answered = browser.raw("POST", "/uploads", b"", {**known, "Upload-Length": str(size)})
    place, most, sent = answered["location"], 0.0, 0
    while sent < size:
        piece = (FILM_HEAD if not sent else b"").ljust(min(PIECE_BYTES, size - sent), b"f")
        told = {**known, "Upload-Offset": str(sent), "Content-Type": "application/offset+octet-stream"}
        status, _ = browser.raw("PATCH", place, piece, told)
        if status != 204:
            raise RuntimeError(f"a piece of the film was answered {status}")
        sent += len(piece)
        most = max(most, server.largest_rss())
    return most
