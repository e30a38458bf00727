"""If these fail, taking over the machine that the internet reaches opens the identities of all."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from portal.vault.keys import Holder, Keyring, Purpose, file_of
from portal.vault.pairs import VaultKeys
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.portal_process import three_free_ports
from tests.fixtures.vault import ROOT


@dataclass
class Face:
    process: psutil.Process
    keys: Path
    ring: Keyring
    vault: VaultKeys

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@pytest.fixture(scope="module")
def face(redis_url: str) -> Iterator[Face]:
    """The web server with the public face alone, after pages were asked for."""
    with tempfile.TemporaryDirectory(prefix="wp-face-") as folder:
        data, port = Path(folder), three_free_ports()
        environ = {"REDIS_URL": redis_url, "PORTAL_PORT": str(port), "WEB_WORKERS": "1"}
        with migrated(make_settings(data, **environ)) as app:
            ring = app.extensions["portal_keyring"]
        own = {"PORTAL_ENV": "test", "PORTAL_DATA": folder, "PORTAL_FACES": "public", **environ}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        started = subprocess.Popen(
            [sys.executable, "-m", "portal.run.web"], cwd=ROOT, env={**inherited, **own}
        )
        try:
            for page in ("/", "/report", "/track"):
                fetch(f"http://localhost:{port}{page}")
            vault = VaultKeys.load(data / "keys" / "vault.json")
            yield Face(psutil.Process(started.pid), data / "keys", ring, vault)
        finally:
            started.terminate()
            started.wait(20)


def fetch(address: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def memory_of(process: psutil.Process) -> Iterator[bytes]:
    """Every readable piece of a process' memory."""
    with (
        Path(f"/proc/{process.pid}/maps").open() as maps,
        Path(f"/proc/{process.pid}/mem").open("rb", 0) as mem,
    ):
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if found and "[v" not in line:
                start, end = (int(edge, 16) for edge in found.groups())
                with suppress(OSError, ValueError, OverflowError):
                    mem.seek(start)
                    yield mem.read(end - start)


def holds(face: Face, secret: bytes) -> bool:
    forms = (secret, base64.b64encode(secret), secret.hex().encode())
    return any(form in piece for one in face.family() for piece in memory_of(one) for form in forms)


@pytest.mark.allowed_skip
@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another process' memory")
def test_its_memory_holds_no_private_key_and_no_second_factors_key(face: Face) -> None:
    assert holds(face, face.ring.current(Purpose.RECEIPT)[1])  # the search finds what is there
    for key in (*face.vault.pairs, *face.vault.index):
        assert not holds(face, key.secret)
    assert not holds(face, face.ring.current(Purpose.TOTP)[1])


def test_it_keeps_no_key_file_open(face: Face) -> None:
    for one in face.family():
        assert not [file.path for file in one.open_files() if file.path.startswith(str(face.keys))]


def test_it_starts_and_seals_where_the_other_files_are_not_even_there(face: Face, tmp_path: Path) -> None:
    """So that an operator can leave them away from that machine."""
    directory = tmp_path / "keys"
    Keyring.create(directory)
    (directory / "vault.json").unlink()
    file_of(directory, Holder.DESK).unlink()
    ring = Keyring.load(directory, {Holder.WEB})
    assert ring.vault_key().id
    for file in directory.iterdir():
        for key in (*face.vault.pairs, *face.vault.index):
            assert base64.b64encode(key.secret) not in file.read_bytes()
