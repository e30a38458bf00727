"""The child process that draws the pages of one cleaned document as pictures.

Run by portal.evidence.cleaning as `python -m portal.evidence.pages DESCRIPTOR`; the pictures stand one after
the other in the result, and their lengths in the facts.
"""

from __future__ import annotations

from typing import BinaryIO

import pypdfium2
from PIL import Image

from portal.evidence import confinement
from portal.evidence.inspection import InspectionError, InspectionFault, Kind, MediaType

MAX_DRAWN = 20
_DOTS = 110 / 72  # 110 dots an inch
_LONG_SIDE = 2000  # pixels; a building plan is drawn smaller
_QUALITY = 80


def work(media_type: MediaType, source: BinaryIO, results: list[BinaryIO]) -> confinement.Facts:
    """Draw the first pages and return their number and the length of each picture in bytes."""
    try:
        document = pypdfium2.PdfDocument(source)
        lengths = []
        for number in range(min(len(document), MAX_DRAWN)):
            before = results[0].tell()
            _draw(document[number]).save(results[0], "JPEG", quality=_QUALITY)
            lengths.append(results[0].tell() - before)
    except (pypdfium2.PdfiumError, ValueError, OSError):
        raise InspectionError(InspectionFault.BROKEN) from None
    return {"pages": len(document), "lengths": lengths, "media_type": media_type.value}


def _draw(page: pypdfium2.PdfPage) -> Image.Image:
    longest = max(page.get_size())
    if longest <= 0:
        raise InspectionError(InspectionFault.BROKEN)
    drawn: Image.Image = page.render(scale=min(_DOTS, _LONG_SIDE / longest), draw_annots=False).to_pil()
    return drawn.convert("RGB")


def main() -> None:
    """Answer for one document."""
    confinement.answer(frozenset({MediaType.PDF}), work, Kind.DOCUMENT)


if __name__ == "__main__":
    main()
