"""If these fail a web page in disguise reaches an officer's browser, or a bomb reaches a decoder."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.evidence import inspection
from portal.evidence.inspection import (
    HEAD_BYTES,
    MAX_PIXELS,
    InspectionError,
    InspectionFault,
    Kind,
    MediaType,
    check_tail,
    inspect,
    quick_check,
)


def fault_of(content: bytes) -> InspectionFault:
    with pytest.raises(InspectionError) as caught:
        quick_check(content[:HEAD_BYTES], len(content))
    return caught.value.code


def png_head(width: int, height: int) -> bytes:
    """Return a PNG that claims a size, with next to nothing behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("word/document.xml", "x" * 100)
    return out.getvalue()


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (4, 4)).save(out, "GIF")
    return out.getvalue()


def test_each_accepted_type_is_known_by_its_content(samples: dict[str, bytes], tmp_path: Path) -> None:
    for name, content in samples.items():
        assert quick_check(content[:HEAD_BYTES], len(content)) is MediaType(name)
        (tmp_path / "x").write_bytes(content)
        assert inspect(tmp_path / "x") is MediaType(name)


def test_every_type_has_an_ending_of_its_own() -> None:
    endings = [kind.extension for kind in MediaType]
    assert endings == [".jpg", ".png", ".webp", ".heic", ".mp4", ".mov", ".m4a", ".mp3", ".pdf"]
    assert [kind.kind for kind in MediaType] == [
        *[Kind.PICTURE] * 4, *[Kind.VIDEO] * 2, *[Kind.AUDIO] * 2, Kind.DOCUMENT
    ]  # fmt: skip


def test_an_empty_file_is_refused() -> None:
    assert fault_of(b"") is InspectionFault.EMPTY


@pytest.mark.parametrize(
    ("kind", "megabytes"),
    [
        (MediaType.JPEG, 20),
        (MediaType.HEIC, 20),
        (MediaType.PDF, 20),
        (MediaType.MP4, 200),
        (MediaType.MOV, 200),
        (MediaType.M4A, 50),
        (MediaType.MP3, 50),
    ],
)
def test_each_kind_has_its_own_size(samples: dict[str, bytes], kind: MediaType, megabytes: int) -> None:
    head, most = samples[kind][:HEAD_BYTES], megabytes * 1024 * 1024
    assert quick_check(head, most) is kind
    with pytest.raises(InspectionError) as caught:
        quick_check(head, most + 1)
    assert caught.value.code is InspectionFault.TOO_LARGE


def test_a_format_without_its_decoder_is_named_as_such(
    samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "TAKEN", frozenset({MediaType.JPEG}))
    assert fault_of(samples["image/heic"]) is InspectionFault.NOT_TAKEN
    assert fault_of(samples["video/mp4"]) is InspectionFault.NOT_TAKEN
    assert fault_of(b"MZ\x90\x00") is InspectionFault.NOT_ALLOWED


@pytest.mark.parametrize(
    ("brands", "expected"),
    [
        (b"heicmif1", MediaType.HEIC), (b"mif1mif1heic", MediaType.HEIC), (b"qt  qt  ", MediaType.MOV),
        (b"isomisom", MediaType.MP4), (b"3gp43gp4", MediaType.MP4), (b"M4A mp42", MediaType.M4A),
        (b"avifmif1", None), (b"mif1avif", None), (b"crx isom", None), (b"jp2 jp2 ", None), (b"", None),
    ],
)  # fmt: skip
def test_media_files_are_told_apart_by_their_brands(brands: bytes, expected: MediaType | None) -> None:
    body = brands[:4] + bytes(4) + brands[4:]
    head = (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + b"\x00\x00\x00\x08mdat"
    if expected is None:
        assert fault_of(head) is InspectionFault.NOT_ALLOWED
    else:
        assert quick_check(head, len(head)) is expected


@pytest.mark.parametrize("start", [b"\xff\xfb\x90\x64", b"\xff\xf3\x84\xc4", b"ID3\x04"])
def test_a_recording_is_known_by_its_first_frame(start: bytes) -> None:
    assert quick_check(start + bytes(60), 64) is MediaType.MP3


@pytest.mark.parametrize(
    "start", [b"\xff\xfb\xf0\x64", b"\xff\xfb\x9c\x64", b"\xff\xfd\x90\x64", b"\xff\xfe<\x00"]
)
def test_what_only_begins_like_a_recording_is_refused(start: bytes) -> None:
    assert fault_of(start + bytes(60)) is InspectionFault.NOT_ALLOWED


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"\xff",
        b"\xff\xd8",
        b"%PDF",
        b"<html><script>alert(1)</script>",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\xef\xbb\xbf<!DOCTYPE html>",
        gif(),
        b"GIF89a/*%PDF-1.4",
        archive(),
        b"MZ\x90\x00",
        b"\x7fELF",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00\x00\x00\x18ftypavif",
        b"BM" + bytes(60),
        b"\x00" * 2000,
        b" %PDF-1.7",
    ],
)
def test_what_is_none_of_the_types_is_refused(content: bytes) -> None:
    assert fault_of(content) is InspectionFault.NOT_ALLOWED


def jpeg_with_comment(samples: dict[str, bytes], comment: bytes) -> bytes:
    content = samples["image/jpeg"]
    return content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]


@pytest.mark.parametrize(
    "comment",
    [
        b"<html><script>alert(1)</script>",
        b"<SVG onload=alert(1)>",
        b"<!DOCTYPE html>",
        b"<?php x",
        b"%PDF-1.4\n1 0 obj",
    ],
)
def test_a_photograph_that_is_also_a_page_or_document_is_refused(
    samples: dict[str, bytes], comment: bytes
) -> None:
    assert fault_of(jpeg_with_comment(samples, comment)) is InspectionFault.NOT_ALLOWED
    harmless = jpeg_with_comment(samples, b"harmless")
    assert quick_check(harmless, len(harmless)) is MediaType.JPEG


@pytest.mark.parametrize("name", ["image/jpeg", "image/png", "image/webp", "application/pdf"])
def test_a_file_with_an_archive_at_its_end_is_refused(
    samples: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    (tmp_path / "x").write_bytes(samples[name] + archive())
    with pytest.raises(InspectionError) as caught:
        inspect(tmp_path / "x")
    assert caught.value.code is InspectionFault.NOT_ALLOWED
    check_tail(samples[name] + b"PK\x05\x06 by chance")
    check_tail(samples[name] + b"PK\x05\x06" + bytes(18) + b"more")


@pytest.mark.parametrize(
    ("width", "height"), [(30000, 30000), (1, MAX_PIXELS + 1), (2**31 - 1, 1), (2**31, 2**31)]
)
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_head(width: int, height: int) -> None:
    assert fault_of(png_head(width, height)) is InspectionFault.TOO_MANY_PIXELS
    assert quick_check(png_head(8000, 5000), 33) is MediaType.PNG


def test_a_webp_that_would_fill_the_memory_is_refused_by_its_head() -> None:
    size = (16383).to_bytes(3, "little")
    head = b"RIFF" + bytes(4) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + size
    assert fault_of(head) is InspectionFault.TOO_MANY_PIXELS


def test_a_png_without_its_header_is_broken() -> None:
    assert fault_of(png_head(10, 10)[:20]) is InspectionFault.BROKEN
    assert fault_of(b"\x89PNG\r\n\x1a\n" + bytes(40)) is InspectionFault.BROKEN


@given(
    st.binary(max_size=1200),
    st.sampled_from(
        [
            b"",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF0000WEBPVP8X",
            b"%PDF-",
            b"ID3",
            b"\xff\xfb",
            b"0000ftypheic",
        ]
    ),
)
def test_any_bytes_are_either_one_of_the_types_or_refused(rest: bytes, magic: bytes) -> None:
    content = magic + rest
    try:
        kind = quick_check(content, len(content))
    except InspectionError:
        return
    known = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"%PDF-", b"ID3", b"\xff")
    assert content.startswith(known) or content[4:8] == b"ftyp"
    assert kind in MediaType
