"""The position of a danger as a reporter confirmed it: latitude, longitude, accuracy in metres (pure)."""

from __future__ import annotations

import re

_WRITTEN = re.compile(
    r"(-?\d{1,2}(?:\.\d{1,7})?)\s*[,，]\s*(-?\d{1,3}(?:\.\d{1,7})?)(?:\s*±\s*(\d{1,6})\s*m)?"
)
DECIMALS = 5  # about a metre; more would be noise


def read(text: str) -> str:
    """Return a position as ``36.09770, 114.39250 ±12 m``; empty when the text is none."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return ""
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return ""
    accuracy = f" ±{int(found[3])} m" if found[3] else ""
    return f"{latitude:.{DECIMALS}f}, {longitude:.{DECIMALS}f}{accuracy}"
