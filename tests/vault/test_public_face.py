"""If these fail, taking over the machine that the internet reaches opens the identities and photos of all."""

from __future__ import annotations

import base64
import io
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
from uuid import uuid4

import psutil
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.evidence.models import Evidence, OriginalKey
from portal.evidence.uploads import Upload, open_token
from portal.evidence.vaulted import originals_in
from portal.vault.envelope import associated_data
from portal.vault.file_keys import unwrap_lasting
from portal.vault.keys import Holder, Keyring, Purpose, file_of
from portal.vault.pairs import VaultKeys
from portal.vault.working import WorkingKeys
from tests.evidence.samples import jpeg
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.portal_process import three_free_ports
from tests.fixtures.vault import ROOT
from tests.fixtures.visitors import field_of


@dataclass
class Face:
    process: psutil.Process
    keys: Path
    ring: Keyring
    vault: VaultKeys
    app: Flask
    url: str

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
        own["PORTAL_CHALLENGE"] = "null"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        started = subprocess.Popen(
            [sys.executable, "-m", "portal.run.web"], cwd=ROOT, env={**inherited, **own}
        )
        try:
            for page in ("/", "/report", "/track"):
                fetch(f"http://localhost:{port}{page}")
            vault = VaultKeys.load(data / "keys" / "vault.json")
            url = f"http://localhost:{port}"
            yield Face(psutil.Process(started.pid), data / "keys", ring, vault, app, url)
        finally:
            started.terminate()
            started.wait(60)


def fetch(address: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=60).read()
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
    assert not holds(face, face.ring.current(Purpose.EVIDENCE)[1])
    assert not holds(face, WorkingKeys.load(face.keys / "worker.json").current().secret)


CANARY = b"GPS 36.0976 N 114.3929 E, CANARY of the telephone"


def photo(filling: int) -> bytes:
    """A photo with something in it that must not be read, so long that it is sealed on its way, or not."""
    return jpeg() + CANARY + os.urandom(filling)


def send_report(face: Face, *photos: bytes) -> str:
    """Send the form with these files as a browser without script does; returns the page's upload token."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(f"{face.url}/report", timeout=60).read().decode()
    typed = {name: field_of(page, name) for name in ("csrf_token", "draft")}
    typed |= {"narrative": "安全出口堵着木料。", "consent": "yes", "action": "send"}
    line = uuid4().hex
    body = b""
    for name, value in typed.items():
        body += f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for content in photos:
        body += (
            f'--{line}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        body += content + b"\r\n"
    kind = {"Content-Type": f"multipart/form-data; boundary={line}"}
    sent = urllib.request.Request(f"{face.url}/report", body + f"--{line}--\r\n".encode(), kind)
    assert 'id="receipt-code"' in browser.open(sent, timeout=60).read().decode()
    return page.partition('data-token="')[2].partition('"')[0]


def opens(secret: bytes, chunk: bytes) -> bool:
    try:
        AESGCM(secret).decrypt(bytes(11) + b"\x01", chunk, None)
    except InvalidTag:
        return False
    return True


@pytest.mark.allowed_skip
@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another process' memory")
def test_what_it_took_in_a_moment_ago_it_cannot_open(face: Face) -> None:
    """Otherwise whoever takes over the web server sees where the photos of all years were taken."""
    photos = [photo(1000), photo(900_000)]
    send_report(face, *photos)
    with face.app.app_context():
        rows = list(db.session.scalars(select(Evidence).order_by(Evidence.position)))
        assert [row.size for row in rows] == [len(one) for one in photos]
        for row, content in zip(rows, photos, strict=True):
            key_row = db.session.get_one(OriginalKey, row.original)
            key = unwrap_lasting(face.vault, row.original, row.digest, key_row.vault_wrap)
            with face.app.extensions["portal_originals"].open(row.original, key) as original:
                assert original.read() == content  # the vault opens it
            assert not holds(face, key)
            body = face.keys.parent / "evidence" / "originals" / row.original[:2] / row.original
            chunk = body.read_bytes()[5:] if row.size < 100_000 else b""
            web = Keyring.load(face.keys, {Holder.WEB})
            for purpose in (Purpose.RECEIPT, Purpose.FORM):
                assert not chunk or not any(opens(secret, chunk) for _, secret in web.all(purpose))
            assert not chunk or opens(key, chunk)  # so the attempt is the right one
        db.session.remove()
    data = face.keys.parent
    lying = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(CANARY in one for one in lying)


def test_the_key_of_an_unfinished_upload_is_with_the_visitor_alone(face: Face) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(f"{face.url}/report", timeout=60).read().decode()
    token = page.partition('data-token="')[2].partition('"')[0]
    content = photo(200_000)
    head = {"Tus-Resumable": "1.0.0", "Upload-Token": token}
    begun = urllib.request.Request(
        f"{face.url}/uploads", b"", {**head, "Upload-Length": str(len(content))}, method="POST"
    )
    place = browser.open(begun, timeout=60).headers["Location"]
    sent = {**head, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    piece = urllib.request.Request(f"{face.url}{place}", content[:100_000], sent, method="PATCH")
    assert browser.open(piece, timeout=60).status == 204
    with face.app.app_context():
        row = db.session.scalars(select(Upload)).one()
        sealed, name = row.sealed_key, row.uuid
        db.session.remove()
    web = Keyring.load(face.keys, {Holder.WEB})
    _, secret = open_token(web, token, clock.now())
    bound = associated_data(b"\x01", "upload key", (name,))
    assert len(AESGCM(secret).decrypt(sealed[:12], sealed[12:], bound)) == 32
    for purpose in (Purpose.RECEIPT, Purpose.FORM):
        for _, held in web.all(purpose):
            with pytest.raises(InvalidTag):
                AESGCM(held).decrypt(sealed[:12], sealed[12:], bound)


def test_it_keeps_no_key_file_open(face: Face) -> None:
    for one in face.family():
        assert not [file.path for file in one.open_files() if file.path.startswith(str(face.keys))]


def test_it_starts_and_seals_where_the_other_files_are_not_even_there(face: Face, tmp_path: Path) -> None:
    """So that an operator can leave them away from that machine."""
    directory = tmp_path / "keys"
    Keyring.create(directory)
    (directory / "vault.json").unlink()
    (directory / "worker.json").unlink()
    for holder in (Holder.DESK, Holder.FILES):
        file_of(directory, holder).unlink()
    ring = Keyring.load(directory, {Holder.WEB})
    assert ring.vault_key().id
    originals = originals_in(tmp_path / "evidence", ring)
    assert originals.put(io.BytesIO(CANARY)).wraps.working_key_id == ring.working_key().id
    for file in directory.iterdir():
        for key in (*face.vault.pairs, *face.vault.index):
            assert base64.b64encode(key.secret) not in file.read_bytes()
