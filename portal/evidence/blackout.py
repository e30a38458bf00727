"""The child process that blacks out boxes on one clean picture: solid boxes on pixels coded anew.

Run by portal.evidence.redaction as `python -m portal.evidence.blackout BOXES DESCRIPTOR`; the picture comes
on descriptor 0, BOXES is JSON. What lay under a box is in no byte of the result.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from PIL import Image, ImageDraw

from portal.evidence.inspection import MAX_PIXELS, THOUSAND

JPEG_QUALITY = 88
BLACK = (20, 27, 24)
_LIMITS = (
    (resource.RLIMIT_AS, 640 * 1024 * 1024),
    (resource.RLIMIT_CPU, 10),
    (resource.RLIMIT_FSIZE, 64 * 1024 * 1024),
    (resource.RLIMIT_CORE, 0),
)


def black_out(picture: Image.Image, boxes: list[list[int]]) -> Image.Image:
    """Return a new picture with solid boxes, each rounded outwards to whole pixels."""
    made = picture.convert("RGB")
    made.info.clear()
    pen = ImageDraw.Draw(made)
    for left, top, width, height in boxes:
        pen.rectangle(
            (
                left * made.width // THOUSAND,
                top * made.height // THOUSAND,
                -(-(left + width) * made.width // THOUSAND) - 1,
                -(-(top + height) * made.height // THOUSAND) - 1,
            ),
            fill=BLACK,
        )
    return made


def main() -> None:
    """Answer for one picture."""
    for limit, value in _LIMITS:
        resource.setrlimit(limit, (value, value))
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    boxes, descriptor = json.loads(sys.argv[1]), int(sys.argv[2])
    with os.fdopen(0, "rb") as source, os.fdopen(descriptor, "wb") as result:
        picture = Image.open(source, formats=["JPEG", "PNG", "WEBP"])
        black_out(picture, boxes).save(result, "JPEG", quality=JPEG_QUALITY)


if __name__ == "__main__":
    main()
