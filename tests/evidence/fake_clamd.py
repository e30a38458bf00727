"""A small clamd that speaks the real INSTREAM: chunks behind their lengths, one sentence back."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = b"ClamAV 1.4.3/27800/Fri Nov 20 09:37:58 2026\0"
MALWARE = b"LOCAL-TEST-SIGNATURE-7731"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = self._command()
        if command == b"zVERSION\0":
            self.wfile.write(self.server.version)  # type: ignore[attr-defined]
            return
        assert command == b"zINSTREAM\0", command
        seen, limit = b"", self.server.limit  # type: ignore[attr-defined]
        while length := int.from_bytes(self.rfile.read(4), "big"):
            seen += self.rfile.read(length)
            if len(seen) > limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        said = self.server.says  # type: ignore[attr-defined]
        found = b"stream: Local.Test.UNOFFICIAL FOUND\0" if MALWARE in seen else b"stream: OK\0"
        self.wfile.write(said if said is not None else found)

    def _command(self) -> bytes:
        read = b""
        while not read.endswith(b"\0") and (sign := self.rfile.read(1)):
            read += sign
        return read


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    limit: int
    says: bytes | None
    version: bytes


@contextmanager
def clamd(
    path: Path, *, limit: int = 1 << 30, says: bytes | None = None, version: bytes = VERSION
) -> Iterator[str]:
    """Run it on a socket and give its address; `says` replaces its verdict."""
    with _Server(str(path), _Handler) as server:
        server.limit, server.says, server.version = limit, says, version
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
    path.unlink()
