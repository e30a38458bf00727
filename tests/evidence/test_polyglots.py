"""Files that are two things at once: if these fail an officer opens a photo and a page or program runs.

Made here, one for each pair that readers are known to fall for. A file is refused, or its clean copy is of
the type that was said and nothing else: no second mark, no word of the second file.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from portal.evidence.cleaning import CleaningError, clean_stream
from portal.evidence.inspection import HEAD_BYTES, InspectionError, MediaType, quick_check
from tests.evidence.samples import film, heic, jpeg, pdf, png, quarters, webp
from tests.evidence.test_hostile import png_chunk

WORD = b"POLYGLOT7731"
PAGE = b"<!DOCTYPE html><html><script>alert('" + WORD + b"')</script></html>"
SCRIPT = b"*/=1;alert('" + WORD + b"')/*"
# By which readers take a file for a page, an archive, a document, a picture or a program.
MARKS = {
    "page": b"<html",
    "script": b"<script",
    "archive": b"PK\x05\x06",
    "document": b"%PDF-",
    "GIF": b"GIF8",
    "picture": b"\xff\xd8\xff",
}
OWN = {MediaType.PDF: {"document", "picture"}, MediaType.JPEG: {"picture"}}


def archive(front: bytes = b"") -> bytes:
    """An archive that opens although something stands before it."""
    out = io.BytesIO()
    out.write(front)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as made:
        made.writestr("start.html", PAGE)
    assert zipfile.is_zipfile(io.BytesIO(out.getvalue()))
    return out.getvalue()


def photo_with(comment: bytes) -> bytes:
    """A photo with something in a comment of its own, behind what is looked at first."""
    content = jpeg(quarters((640, 480)))
    pieces = b"".join(
        b"\xff\xfe" + struct.pack(">H", len(part) + 2) + part for part in (bytes(2000), comment)
    )
    return content[:2] + pieces + content[2:]


def picture_with(body: bytes) -> bytes:
    """A PNG with something in a text and in a chunk that readers skip."""
    content = png(quarters((640, 480)))
    more = png_chunk(b"tEXt", b"Comment\0" + bytes(2000) + body) + png_chunk(b"puZp", body)
    return content[:33] + more + content[33:]


def film_with(body: bytes, *, in_front: bool = False) -> bytes:
    """A film with something in a box that players skip: behind its first box, or at its end."""
    content = film(size=(320, 240))
    place = struct.unpack(">I", content[:4])[0] if in_front else len(content)
    return content[:place] + struct.pack(">I", len(body) + 8) + b"free" + body + content[place:]


def document_with(body: bytes) -> bytes:
    """A document with something in a stream that no page uses, and once more behind its end."""
    stream = b"99 0 obj<</Length %d>>stream\n%s\nendstream endobj\n" % (len(body), body)
    return pdf().replace(b"%%EOF", stream + b"%%EOF") + body


def riff_with(body: bytes) -> bytes:
    """A WebP with something in a chunk that readers skip."""
    content = webp(quarters((640, 480)))
    body += b"\0" * (len(body) % 2)
    more = b"junk" + struct.pack("<I", len(body)) + body
    return content[:4] + struct.pack("<I", len(content) - 8 + len(more)) + content[8:] + more


def between_frames(body: bytes) -> bytes:
    """A recording with something where a player looks for its next frame."""
    content = film("mp3", video="", audio="libmp3lame")
    place = content.index(b"\xff\xfb", len(content) // 2)
    return content[:place] + body + content[place:]


POLYGLOTS: dict[str, Callable[[], bytes]] = {
    "a document that is an archive": lambda: archive(pdf()),
    "an archive that is a document": lambda: archive(b"PK\x03\x04" + bytes(100) + pdf()),
    "a document that is a page": lambda: b"%PDF-1.4\n" + PAGE + pdf()[9:],
    "a document with a page inside and behind": lambda: document_with(PAGE),
    "a document that is a photo": lambda: document_with(jpeg(quarters((64, 48)))),
    "a program that is a document": lambda: b"MZ" + bytes(200) + pdf(),
    "a photo that is a page": lambda: photo_with(b"--><!--" + PAGE),
    "a photo with a page behind": lambda: jpeg(quarters((640, 480))) + PAGE,
    "a photo that is a document": lambda: photo_with(pdf()),
    "a photo that is an archive": lambda: archive(jpeg(quarters((640, 480)))),
    "a photo that is a script": lambda: photo_with(SCRIPT),
    "a GIF that is a script": lambda: b"GIF89a/*" + bytes(20) + SCRIPT,
    "a photo that is a GIF": lambda: photo_with(b"GIF89a" + SCRIPT),
    "a picture that is an archive": lambda: archive(picture_with(b"")),
    "a picture that is a page": lambda: picture_with(PAGE),
    "a picture with a page in a packed text": lambda: picture_with(b"Comment\0\0" + zlib.compress(PAGE)),
    "a film that is a page at once": lambda: film_with(PAGE, in_front=True),
    "a film that is a page": lambda: film_with(PAGE),
    "a film that is an archive": lambda: archive(film(size=(320, 240))),
    "a film with a document inside": lambda: film_with(pdf()),
    "a WebP that is a page": lambda: riff_with(PAGE),
    "a WebP that is a script": lambda: riff_with(SCRIPT),
    "a HEIC with a page behind": lambda: heic() + PAGE,
    "a recording that is a page": lambda: b"ID3\x04\0\0\0\0\x10\0" + bytes(2048) + film(
        "mp3", video="", audio="libmp3lame") + PAGE,
    "a recording with a page between its frames": lambda: between_frames(PAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_file_that_is_two_things_is_refused_or_becomes_one(name: str) -> None:
    content = POLYGLOTS[name]()
    try:
        media_type = quick_check(content[:HEAD_BYTES], len(content))
        copies = clean_stream(media_type, io.BytesIO(content))
    except (InspectionError, CleaningError):
        return
    with copies.main, copies.thumb or io.BytesIO():
        main = copies.main.read()
        still = copies.thumb.read() if copies.thumb else b""
    assert quick_check(main[:HEAD_BYTES], len(main)) is copies.media_type
    assert not zipfile.is_zipfile(io.BytesIO(main))
    assert WORD not in main + still
    foreign = {mark for mark, sign in MARKS.items() if sign in main.lower() or sign in main}
    assert foreign <= OWN.get(copies.media_type, set())


def test_the_pairs_are_what_they_are_said_to_be() -> None:
    """A file that is not two things would pass every check above."""
    made = {name: make() for name, make in POLYGLOTS.items()}
    for name, content in made.items():
        if "archive" in name:
            assert zipfile.is_zipfile(io.BytesIO(content)), name
        if "page" in name and "packed" not in name:
            assert b"<html" in content, name
        if "script" in name:
            assert SCRIPT in content, name
    refused = 0
    for content in made.values():
        try:
            quick_check(content[:HEAD_BYTES], len(content))
        except InspectionError:
            refused += 1
    assert 0 < refused < len(made) / 2  # most reach a decoder
