"""The child process that opens one PDF: a copy of what its pages show, with nothing around them.

Run by portal.evidence.cleaning as `python -m portal.evidence.documents DESCRIPTOR`.
"""

from __future__ import annotations

from typing import BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from portal.evidence import confinement
from portal.evidence.inspection import InspectionError, InspectionFault, Kind, MediaType

MAX_PAGES = 500
_DEEPEST = 100

# An allow-list: scripts, open actions, annotations, links, articles and private data are not on it.
_PAGE_KEYS = frozenset(
    {"/Type", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Parent", "/Group"}
)
# Descriptions that may hang on any object inside a page.
_DESCRIPTIONS = (
    "/Metadata",
    "/PieceInfo",
    "/LastModified",
    "/AF",
    "/Thumb",
    "/Alternates",
    "/OPI",
    "/Measure",
)
_PDF_ERRORS = (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, KeyError, AttributeError,
               IndexError, RuntimeError, OSError)  # fmt: skip


def work(media_type: MediaType, source: BinaryIO, results: list[BinaryIO]) -> confinement.Facts:
    """Open one PDF, write its clean copy, and return its number of pages."""
    try:
        with pikepdf.open(source, suppress_warnings=True) as original:
            pages = len(original.pages)
            if not 0 < pages <= MAX_PAGES:
                raise InspectionError(InspectionFault.BROKEN)
            rebuild(original).save(results[0], static_id=True, fix_metadata_version=False)
    except pikepdf.PasswordError:
        raise InspectionError(InspectionFault.ENCRYPTED_PDF) from None
    except MemoryError:
        raise
    except _PDF_ERRORS:
        raise InspectionError(InspectionFault.BROKEN) from None
    return {"pages": pages, "media_type": media_type.value}


def rebuild(original: Pdf) -> Pdf:
    """Return a new document holding the bare pages; the old catalogue with all its actions is left behind."""
    _flatten(original)
    for page in original.pages:
        for key in set(page.obj.keys()) - _PAGE_KEYS:
            del page.obj[key]
    clean = Pdf.new()
    clean.pages.extend(original.pages)
    for item in clean.objects:
        _strip(item, 0)
    return clean


def _flatten(original: Pdf) -> None:
    """Draw filled forms and stamps into their pages, since the annotations themselves go."""
    if "/AcroForm" in original.Root:
        original.generate_appearance_streams()
    original.flatten_annotations("screen")


def _strip(item: Object, depth: int) -> None:
    """Remove descriptions from an object and what it holds directly, and camera data from its pictures."""
    if depth > _DEEPEST:
        raise InspectionError(InspectionFault.BROKEN)
    if isinstance(item, Array):
        for member in item:
            _strip_member(member, depth)
    elif isinstance(item, Dictionary | Stream):
        for key in _DESCRIPTIONS:
            if key in item:
                del item[key]
        for key in list(item.keys()):
            _strip_member(item[key], depth)
        if isinstance(item, Stream):
            _strip_picture(item)


def _strip_member(member: object, depth: int) -> None:
    if isinstance(member, Array | Dictionary | Stream) and not member.is_indirect:
        _strip(member, depth + 1)


def _strip_picture(stream: Stream) -> None:
    """Take Exif, XMP and comments out of a JPEG picture without touching its pixels."""
    encoding = stream.get("/Filter")
    if isinstance(encoding, Array) and len(encoding) == 1:
        encoding = encoding[0]
    if encoding == Name.DCTDecode:
        parameters = stream.get("/DecodeParms")
        stream.write(
            strip_segments(stream.read_raw_bytes()),
            filter=Name.DCTDecode,
            decode_parms=parameters if isinstance(parameters, Dictionary | Array) else None,
        )
    elif encoding == Name.JPXDecode:
        stream.write(strip_boxes(stream.read_raw_bytes()), filter=Name.JPXDecode)


def strip_segments(jpeg: bytes) -> bytes:
    """Return a JPEG without comments and application segments, but with Adobe's, which tells colours."""
    kept, place = [jpeg[:2]], 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xDA:  # the scan: what follows is picture, up to the end mark
            break
        length = 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(jpeg[place : place + length])
        place += length
    end = jpeg.rfind(b"\xff\xd9")
    kept.append(jpeg[place : end + 2 if end > place else None])
    return b"".join(kept)


def strip_boxes(picture: bytes) -> bytes:
    """Return a JPEG 2000 without its XML and UUID boxes, where Exif and XMP are kept."""
    kept, place = [], 0
    while place + 8 <= len(picture) and picture[:4] == b"\x00\x00\x00\x0c":
        length = int.from_bytes(picture[place : place + 4], "big")
        if length < 8:  # to the end, or longer than 4 GiB
            break
        if picture[place + 4 : place + 8] not in {b"xml ", b"uuid", b"uinf"}:
            kept.append(picture[place : place + length])
        place += length
    kept.append(picture[place:])
    return b"".join(kept)


def main() -> None:
    """Answer for one document."""
    confinement.answer(frozenset({MediaType.PDF}), work, Kind.DOCUMENT)


if __name__ == "__main__":
    main()
