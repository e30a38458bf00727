"""Likeness hashes of a picture: 64 bits each of how brightness runs, of the whole and of slight crops.

A hash survives re-encoding and resizing by itself; a crop shifts it, so that the hashes of the usual crops
are kept beside it, and all of them once more of the mirrored picture.
"""

from __future__ import annotations

from PIL import Image

from portal.evidence.hashes import CUTS, Hashes

_ROWS = _COLUMNS = 8
_SMALL = 144  # long enough that a crop by a twentieth moves it by whole pixels
_FLAT = 6  # grey levels between the brightest and the darkest cell: a blank page resembles every other


def hashes_of(picture: Image.Image) -> Hashes:
    """Return mirrored or not, the number of the cut, and the hash; nothing of a picture without features."""
    small = picture.resize((_SMALL, _SMALL), Image.Resampling.BOX, reducing_gap=None).convert("L")
    darkest, brightest = _cells(small, CUTS[0]).getextrema()
    if _number(brightest) - _number(darkest) < _FLAT:
        return []
    return [
        (mirrored, number, difference_hash(_cells(image, cut)))
        for mirrored, image in ((False, small), (True, small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
        for number, cut in enumerate(CUTS)
    ]


def difference_hash(cells: Image.Image) -> int:
    """Return one bit for each cell: whether the one to its right is brighter."""
    levels, width, value = cells.tobytes(), cells.width, 0
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            place = row * width + column
            value = value << 1 | (levels[place] < levels[place + 1])
    return value


def _cells(small: Image.Image, cut: tuple[float, float, float, float]) -> Image.Image:
    box = (cut[0] * _SMALL, cut[1] * _SMALL, cut[2] * _SMALL, cut[3] * _SMALL)
    return small.resize((_COLUMNS + 1, _ROWS), Image.Resampling.BOX, box=box)


def _number(level: object) -> float:
    return level if isinstance(level, int | float) else 0.0
