"""Hostile files: if these fail one file stops the portal, or a page in disguise runs in an officer's browser.

Every file is refused by its first bytes, refused by its decoder, or cleaned into a file of an accepted type;
never anything else, and within 15 seconds.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from portal.evidence import cleaning, staging
from portal.evidence.cleaning import CleaningError, clean_stream
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.inspection import (
    HEAD_BYTES,
    TAIL_BYTES,
    InspectionError,
    InspectionFault,
    MediaType,
    check_tail,
    quick_check,
)
from portal.evidence.shelves import NAME, LocalShelf
from portal.evidence.vaulted import Originals
from portal.vault.keys import Keyring
from tests.evidence.samples import jpeg, pdf, png, quarters
from tests.evidence.test_cleaning import png_of
from tests.evidence.test_inspection import archive

SECONDS = 15


def handled(content: bytes) -> str:
    """Take a file as the portal does; return the fault or the type of the clean copy."""
    started = time.monotonic()
    try:
        media_type = quick_check(content[:HEAD_BYTES], len(content))
        copies = clean_stream(media_type, io.BytesIO(content))
    except (InspectionError, CleaningError) as error:
        said = error.code.value
    else:
        main = copies.main.read()
        copies.close()
        said = copies.media_type.value
        assert quick_check(main[:HEAD_BYTES], len(main)) is copies.media_type
        check_tail(main[-TAIL_BYTES:])
    took = time.monotonic() - started
    assert took < SECONDS, f"{said} after {took:.1f} s"
    return said


def gif_of_many_frames() -> bytes:
    """Return a GIF of 10,000 frames by repeating the second one."""
    out = io.BytesIO()
    Image.new("P", (64, 64)).save(
        out, "GIF", save_all=True, append_images=[Image.new("P", (64, 64), 3)], duration=10
    )
    content = out.getvalue()
    frame = content[content.rindex(b"!\xf9") : -1]
    return content[:-1] + frame * 9_998 + b";"


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr("word/document.xml", bytes(40 << 20))
    return out.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_text_bomb() -> bytes:
    """Return a small picture with a text of 64 MB in a few kilobytes."""
    content = png()
    text = zlib.compress(bytes(64 << 20), 9)
    return content[:33] + png_chunk(b"zTXt", b"Comment\0\0" + text) + content[33:]


def zeros_packed(mebibytes: int = 256) -> bytes:
    """Return very many zeros, packed by repeating one packed piece."""
    piece, packer, check = bytes(1 << 20), zlib.compressobj(9, wbits=-15), 1
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(mebibytes):
        check = zlib.adler32(piece, check)
    return b"\x78\x01" + packed * mebibytes + b"\x03\x00" + struct.pack(">I", check)


def pdf_stream_bomb() -> bytes:
    """Return a document whose page unpacks to 256 MB, twice packed."""
    body = zlib.compress(zeros_packed(), 9)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length "
        + str(len(body)).encode()
        + b">>stream\n"
        + body
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def pdf_of_many_objects() -> bytes:
    objects = b"".join(b"%d 0 obj<</A %d 0 R>>endobj\n" % (n, n + 1) for n in range(4, 50_000))
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</X 4 0 R>>>>endobj\n"
        + objects
        + b"trailer<</Root 1 0 R>>\n%%EOF"
    )


def looping_pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


REFUSED_AT_ONCE = {
    "a picture of 30000 x 30000": lambda: png_of(30000, 30000),
    "a GIF of 10,000 frames": gif_of_many_frames,
    "a zip bomb as docx": zip_bomb,
    "an SVG": lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "an SVG behind a mark": lambda: b"\xef\xbb\xbf  <svg/onload=alert(1)>",
    "a page": lambda: b"<!DOCTYPE html><script>alert(1)</script>",
    "a photo that is a page": lambda: jpeg(comment=b"<html><script>alert(1)</script>", exif=b"", xmp=b"",
                                           icc_profile=b""),
    "a GIF that is a script": lambda: b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "a program": lambda: b"MZ" + bytes(500),
    "one byte": lambda: b"\xff",
    "no byte": lambda: b"",
    "an old Word document": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a playlist that names another address": lambda: b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n",
    "a list of files to join": lambda: b"ffconcat version 1.0\nfile '/etc/passwd'\n",
}  # fmt: skip
HANDLED = {
    "a text bomb in a picture": png_text_bomb,
    "a document that unpacks to 256 MB": pdf_stream_bomb,
    "a document of 50,000 objects in a chain": pdf_of_many_objects,
    "a document whose pages are their own parents": looping_pdf,
    "a photo with an archive behind": lambda: jpeg() + archive(),
    "a document with a page behind": lambda: pdf() + b"<html><script>alert(1)</script>",
    "a photo with a program behind": lambda: jpeg() + b"MZ" + bytes(5000),
    "a film of nothing but boxes": lambda: b"\0\0\0\x18ftypisom" + bytes(12) + (b"\0\0\0\x08moov" * 100_000),
    "a film with boxes in boxes": lambda: b"\0\0\0\x18ftypisom" + bytes(12)
    + b"".join(struct.pack(">I", 8 * n) + b"moov" for n in range(20_000, 0, -1)),
    "a film whose index is longer than the file": lambda: b"\0\0\0\x18ftypisom" + bytes(12)
    + b"\xff\xff\xff\xf0moov" + bytes(900),
    "a recording of noise": lambda: b"ID3\x04\0\0\0\0\0\0" + bytes(range(256)) * 4000,
    "a recording of endless tags": lambda: b"ID3\x04\0\0\0\0\0\0" * 100_000,
    "a HEIC of nothing": lambda: b"\0\0\0\x18ftypheic" + bytes(4) + b"mif1heic" + bytes(4000),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_AT_ONCE)
def test_what_is_no_evidence_is_refused_by_its_first_bytes(name: str) -> None:
    content = REFUSED_AT_ONCE[name]()
    started = time.monotonic()
    with pytest.raises(InspectionError) as caught:
        quick_check(content[:HEAD_BYTES], len(content))
    assert time.monotonic() - started < 0.1
    assert caught.value.code in {
        InspectionFault.EMPTY,
        InspectionFault.NOT_ALLOWED,
        InspectionFault.TOO_MANY_PIXELS,
    }


@pytest.mark.parametrize("name", HANDLED)
def test_a_hostile_file_costs_its_own_child_at_most(name: str) -> None:
    assert handled(HANDLED[name]()) in {*MediaType, *CleaningFault}


NAMES = (
    "../../x.jpg", "..%2f..%2fx.jpg", "/etc/passwd", "C:\\x.jpg", "x\0.jpg", "a" * 300 + ".jpg",
    "\u202egpj.exe", '"><img src=x onerror=alert(1)>.jpg', "x.jpg\r\nSet-Cookie: a=b", "", ".", "CON",
)  # fmt: skip


def test_a_name_decides_nothing(tmp_path: Path) -> None:
    root = tmp_path / "store"
    root.mkdir()
    originals = Originals(LocalShelf(root, NAME), root / "tmp", Keyring.create(tmp_path / "keys.json"))
    for number, name in enumerate(NAMES):
        content = jpeg(quarters((64 + number, 48)))
        upload = FileStorage(io.BytesIO(content), filename=name, content_type="text/html")
        received = staging.receive(upload.stream, originals)
        assert received.media_type == "image/jpeg"
        assert received.digest == hashlib.sha256(content).hexdigest()
    stored = [path for path in tmp_path.joinpath("store").rglob("*") if path.is_file()]
    assert len(stored) == len(NAMES)
    assert all(re.fullmatch("[0-9a-f]{32}", path.name) for path in stored)
    assert {path.name for path in tmp_path.iterdir()} <= {"store", "keys.json"}


# --- the test files of those who write the decoders


def sources(project: str) -> Iterator[tuple[str, bytes]]:
    """Fetch a project's source package and go through its test files; skips where none can be fetched."""
    with tempfile.TemporaryDirectory() as folder:
        fetched = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--no-binary", project, "-d", folder, f"{project}=={version(project)}"],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        packages = list(Path(folder).glob("*.tar.gz"))
        if not packages:
            pytest.skip(f"The source package of {project} cannot be fetched (pip said {fetched.returncode}).")
        with tarfile.open(packages[0]) as package:
            for member in package:
                if member.isfile() and ("/Tests/" in member.name or "/tests/" in member.name):
                    file = package.extractfile(member)
                    assert file is not None
                    yield member.name, file.read()


@pytest.mark.assure
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(("project", "least"), [("pillow", 1000), ("pikepdf", 50)])
def test_every_test_file_of_a_decoder_is_handled(
    project: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = psutil.Process().memory_info().rss
    said: dict[str, int] = {}
    slowest, count = 0.0, 0
    for _name, content in sources(project):
        started = time.monotonic()
        answer = handled(content)
        slowest = max(slowest, time.monotonic() - started)
        said[answer] = said.get(answer, 0) + 1
        count += 1
    grown = psutil.Process().memory_info().rss - before
    with capsys.disabled():
        print(f"\n{project}: {count} files, slowest {slowest:.1f} s, memory grew by {grown >> 20} MB; {said}")
    assert count >= least
    assert grown < 600 << 20


@pytest.mark.assure
@pytest.mark.timeout(900)
def test_damaged_files_of_every_type_are_handled(
    samples: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(7731)
    said: dict[str, int] = {}
    for content in samples.values():
        for _ in range(60):
            wrong = bytearray(content)
            for _ in range(chance.randint(1, 30)):
                wrong[chance.randrange(12, len(wrong))] = chance.randrange(256)
            answer = handled(bytes(wrong))
            said[answer] = said.get(answer, 0) + 1
    with capsys.disabled():
        print(f"\n540 damaged files: {said}")


def test_the_child_of_a_film_stays_within_its_memory() -> None:
    program = (
        "from portal.evidence import confinement as c\n"
        "c.confine(c.LIMITS['video'])\n"
        'try:\n bytearray(1100 << 20)\nexcept MemoryError:\n print(\'{"fault": "too_costly"}\')'
    )
    with cleaning._memory_file() as nothing, pytest.raises(CleaningError) as caught:
        cleaning._facts(cleaning._run([sys.executable, "-c", program], nothing, [], 10))
    assert caught.value.code is CleaningFault.TOO_COSTLY


def test_a_good_picture_still_passes() -> None:
    assert handled(jpeg(quarters((640, 480)))) == "image/jpeg"
