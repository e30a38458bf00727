"""What a file is, judged by its content alone: names and declared types are the sender's word.

Quick enough for the web process: only the first bytes are looked at. That a decoder can open the file is
found out in a job, in a process of its own (portal.evidence.cleaning).
"""

from __future__ import annotations

import struct
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

_MIB = 1024 * 1024

MAX_FILES = 9
MAX_REPORT_BYTES = 300 * _MIB
MAX_PIXELS = 40_000_000
THOUSAND = 1000  # parts of a picture's width and height, in which boxes on it are given
HEAD_BYTES = 1024  # as far as readers look for a PDF's mark, and browsers for HTML

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PDF = b"%PDF-"
_ZIP_END = b"PK\x05\x06"
TAIL_BYTES = 22 + 0xFFFF  # the end record of an archive with its longest comment
# A page that a careless reader would run, at the start of what claims to be a picture or document.
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<iframe", b"<?php")


class Kind(StrEnum):
    """What a file is to people."""

    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class MediaType(StrEnum):
    """The accepted types, as their media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    MP4 = "video/mp4"
    MOV = "video/quicktime"
    M4A = "audio/mp4"
    MP3 = "audio/mpeg"
    PDF = "application/pdf"

    @property
    def extension(self) -> str:
        """The ending of a generated file name, with its dot."""
        return _EXTENSIONS[self]

    @property
    def kind(self) -> Kind:
        """What it is to people."""
        return _KINDS.get(self.value.partition("/")[0], Kind.DOCUMENT)

    @property
    def is_picture(self) -> bool:
        """Whether a page can show its clean copy as a picture."""
        return self.kind is Kind.PICTURE

    @property
    def max_bytes(self) -> int:
        """The largest file of this type that is taken."""
        return LIMITS[self.kind]


_EXTENSIONS = {
    MediaType.JPEG: ".jpg",
    MediaType.PNG: ".png",
    MediaType.WEBP: ".webp",
    MediaType.HEIC: ".heic",
    MediaType.MP4: ".mp4",
    MediaType.MOV: ".mov",
    MediaType.M4A: ".m4a",
    MediaType.MP3: ".mp3",
    MediaType.PDF: ".pdf",
}
_KINDS = {"image": Kind.PICTURE, "video": Kind.VIDEO, "audio": Kind.AUDIO}
LIMITS = {
    Kind.PICTURE: 20 * _MIB,
    Kind.VIDEO: 200 * _MIB,
    Kind.AUDIO: 50 * _MIB,
    Kind.DOCUMENT: 20 * _MIB,
}
MAX_FILE_BYTES = max(LIMITS.values())

# Formats whose decoders need not be installed.
_DECODERS = {
    MediaType.HEIC: "pillow_heif",
    MediaType.MP4: "av",
    MediaType.MOV: "av",
    MediaType.M4A: "av",
    MediaType.MP3: "av",
}
TAKEN = frozenset(kind for kind in MediaType if kind not in _DECODERS or find_spec(_DECODERS[kind]))

# What a form tells the browser: types, endings for systems that know no type of them, bytes of each kind.
TAKES_FILMS = MediaType.MP4 in TAKEN
_OTHER_NAMES = {
    MediaType.HEIC: ("image/heif", ".heic", ".heif"),
    MediaType.MP4: ("video/3gpp", ".mp4"),
    MediaType.MOV: (".mov",),
    MediaType.M4A: ("audio/x-m4a", ".m4a"),
    MediaType.MP3: ("audio/mp3", ".mp3"),
}
ACCEPT = ",".join(
    name for kind in MediaType if kind in TAKEN for name in (kind.value, *_OTHER_NAMES.get(kind, ()))
)
BROWSER_LIMITS = " ".join(f"{kind.value.partition('/')[0]}:{kind.max_bytes}" for kind in (
    MediaType.JPEG, MediaType.MP4, MediaType.M4A, MediaType.PDF
))  # fmt: skip

# The first brand of an ISO media file. Pictures in AV1 and files of the old QuickTime without a brand are not
# on the list; telephones write "mif1" where the second brand tells that the picture is HEVC.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B "})
_VIDEO_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"}
    | {b"3gp4", b"3gp5", b"3gp6", b"3g2a"}
)


# Of frames in MPEG 2 and 2.5, and in MPEG 1.
_MP3_KILOBITS = (
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
_MP3_RATES = (44100, 48000, 32000)


class InspectionFault(StrEnum):
    """Why a file is refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_ALLOWED = "not_allowed"
    NOT_TAKEN = "not_taken"  # known, but this portal has no decoder for it
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    ENCRYPTED_PDF = "encrypted_pdf"
    TOO_LONG = "too_long"
    UNKNOWN_CODING = "unknown_coding"


class InspectionError(Exception):
    """A file is refused; carries the fault, nothing of the file."""

    def __init__(self, code: InspectionFault) -> None:
        super().__init__(code.value)
        self.code = code


def quick_check(head: bytes, size: int) -> MediaType:
    """Judge a file by its first HEAD_BYTES and its size in bytes; raises InspectionError."""
    if size == 0 or not head:
        raise InspectionError(InspectionFault.EMPTY)
    head = head[:HEAD_BYTES]
    media_type = _type_by_magic(head)
    if media_type not in TAKEN:
        raise InspectionError(InspectionFault.NOT_TAKEN)
    if size > media_type.max_bytes:
        raise InspectionError(InspectionFault.TOO_LARGE)
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
    if head[4:8] == b"ftyp":
        return _type_by_brand(head)
    if head.startswith(b"ID3") or mp3_frame_bytes(head[:4]):
        return MediaType.MP3
    raise InspectionError(InspectionFault.NOT_ALLOWED)


def _type_by_brand(head: bytes) -> MediaType:
    """Tell pictures, films and recordings in ISO media files apart by the brands in their first box."""
    length = int.from_bytes(head[:4], "big")
    brand, others = head[8:12], head[16 : max(16, min(length, HEAD_BYTES))]
    compatible = {others[place : place + 4] for place in range(0, len(others), 4)}
    if brand in _HEIC_BRANDS or (brand == b"mif1" and compatible & _HEIC_BRANDS):
        return MediaType.HEIC
    if brand == b"qt  ":
        return MediaType.MOV
    if brand in _AUDIO_BRANDS:
        return MediaType.M4A
    if brand in _VIDEO_BRANDS:
        return MediaType.MP4
    raise InspectionError(InspectionFault.NOT_ALLOWED)


def mp3_frame_bytes(start: bytes) -> int:
    """Return how long the MPEG layer III frame is that four bytes are the head of; 0 if of none."""
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return 0
    version, layer = start[1] >> 3 & 3, start[1] >> 1 & 3
    bitrate, rate = start[2] >> 4, start[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:
        return 0
    is_first = version == 3
    bits = _MP3_KILOBITS[is_first][bitrate - 1] * 1000
    samples_a_second = _MP3_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if is_first else 72) * bits // samples_a_second + (start[2] >> 1 & 1)


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
