"""What a file is, judged by its content alone: names and declared types are the sender's word.

Quick enough for the web process: only the first bytes are looked at. That a decoder can open the file is
found out in a job, in a process of its own (portal.evidence.cleaning).
"""

from __future__ import annotations

import struct
from enum import StrEnum
from pathlib import Path

MAX_FILES = 9
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
HEAD_BYTES = 1024  # as far as readers look for a PDF's mark, and browsers for HTML

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PDF = b"%PDF-"
_ZIP_END = b"PK\x05\x06"
TAIL_BYTES = 22 + 0xFFFF  # the end record of an archive with its longest comment
# A page that a careless reader would run, at the start of what claims to be a picture or document.
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<iframe", b"<?php")


class MediaType(StrEnum):
    """The accepted types, as their media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def extension(self) -> str:
        """The ending of a generated file name, with its dot."""
        return _EXTENSIONS[self]

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it as a picture."""
        return self is not MediaType.PDF


_EXTENSIONS = {MediaType.JPEG: ".jpg", MediaType.PNG: ".png", MediaType.WEBP: ".webp", MediaType.PDF: ".pdf"}


class InspectionFault(StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_ALLOWED = "not_allowed"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    ENCRYPTED_PDF = "encrypted_pdf"


class InspectionError(Exception):
    """A file is refused; carries the fault, nothing of the file."""

    def __init__(self, code: InspectionFault) -> None:
        super().__init__(code.value)
        self.code = code


def quick_check(head: bytes, size: int) -> MediaType:
    """Judge a file by its first HEAD_BYTES and its size in bytes; raises InspectionError."""
    if size == 0 or not head:
        raise InspectionError(InspectionFault.EMPTY)
    if size > MAX_FILE_BYTES:
        raise InspectionError(InspectionFault.TOO_LARGE)
    head = head[:HEAD_BYTES]
    media_type = _type_by_magic(head)
    if _is_two_things(head, media_type):
        raise InspectionError(InspectionFault.NOT_ALLOWED)
    check_pixels(*_declared_size(head, media_type))
    return media_type


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture whose decoded form would fill the memory."""
    if width * height > MAX_PIXELS:
        raise InspectionError(InspectionFault.TOO_MANY_PIXELS)


def check_tail(tail: bytes) -> None:
    """Refuse a file whose last TAIL_BYTES make it an archive as well."""
    place = tail.rfind(_ZIP_END)
    if place < 0 or len(tail) - place < 22:
        return
    (comment_length,) = struct.unpack_from("<H", tail, place + 20)
    if place + 22 + comment_length == len(tail):
        raise InspectionError(InspectionFault.NOT_ALLOWED)


def inspect(path: Path) -> MediaType:
    """Judge a file on the disk by its first and last bytes; raises InspectionError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        media_type = quick_check(file.read(HEAD_BYTES), size)
        file.seek(max(0, size - TAIL_BYTES))
        check_tail(file.read(TAIL_BYTES))
    return media_type


def _type_by_magic(head: bytes) -> MediaType:
    if head.startswith(_JPEG):
        return MediaType.JPEG
    if head.startswith(_PNG):
        return MediaType.PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head.startswith(_PDF):
        return MediaType.PDF
    raise InspectionError(InspectionFault.NOT_ALLOWED)


def _is_two_things(head: bytes, media_type: MediaType) -> bool:
    """Say whether the head also starts a document that other readers would take the file for."""
    folded = head.lower()
    if any(mark in folded for mark in _MARKUP):
        return True
    return media_type is not MediaType.PDF and _PDF in head


def _declared_size(head: bytes, media_type: MediaType) -> tuple[int, int]:
    """Return width and height where the first bytes tell them, else zeros; raises broken."""
    if media_type is MediaType.PNG:
        if head[12:16] != b"IHDR" or len(head) < 33:
            raise InspectionError(InspectionFault.BROKEN)
        width, height = struct.unpack_from(">II", head, 16)
        return int(width), int(height)
    if media_type is MediaType.WEBP and head[12:16] == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return 0, 0
