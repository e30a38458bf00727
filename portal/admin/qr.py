"""A QR code as the path of an SVG picture drawn by the template: no data: address, no second request."""

from __future__ import annotations

from dataclasses import dataclass

from portal.run.dotted import resolve

QUIET_ZONE = 4


@dataclass(frozen=True, slots=True)
class QrPath:
    """Side of the picture in modules, quiet zone included, and the path of its dark modules."""

    side: int
    path: str


def qr_path(text: str) -> QrPath | None:
    """Return the drawing of a text, None for an empty one."""
    if not text:
        return None
    # Loaded by name: a web process draws such a picture only while somebody sets up a second factor.
    drawn = resolve("segno.make")(text, error="m").matrix
    matrix: list[list[int]] = [list(row) for row in drawn]
    parts = [
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    ]
    return QrPath(len(matrix) + 2 * QUIET_ZONE, "".join(parts))
