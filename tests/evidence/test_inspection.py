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

from portal.evidence.inspection import (
    HEAD_BYTES,
    MAX_FILE_BYTES,
    MAX_PIXELS,
    InspectionError,
    InspectionFault,
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
    assert [kind.extension for kind in MediaType] == [".jpg", ".png", ".webp", ".pdf"]
    assert [kind.is_picture for kind in MediaType] == [True, True, True, False]


def test_an_empty_and_a_too_large_file_are_refused(samples: dict[str, bytes]) -> None:
    assert fault_of(b"") is InspectionFault.EMPTY
    head = samples["image/jpeg"][:HEAD_BYTES]
    assert quick_check(head, MAX_FILE_BYTES) is MediaType.JPEG
    with pytest.raises(InspectionError) as caught:
        quick_check(head, MAX_FILE_BYTES + 1)
    assert caught.value.code is InspectionFault.TOO_LARGE


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
        b"\x00\x00\x00\x18ftypheic",
        b"BM" + bytes(60),
        b"\x00" * 2000,
        b" %PDF-1.7",
    ],
)
def test_what_is_none_of_the_four_types_is_refused(content: bytes) -> None:
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
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF0000WEBPVP8X", b"%PDF-"]),
)
def test_any_bytes_are_either_one_of_the_types_or_refused(rest: bytes, magic: bytes) -> None:
    content = magic + rest
    try:
        kind = quick_check(content, len(content))
    except InspectionError:
        return
    assert content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"%PDF-"))
    assert kind in MediaType
