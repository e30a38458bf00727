"""What likeness hashes are; apart from what makes them, so that web pages need no picture library."""

from __future__ import annotations

BITS = 64
# What is kept of the picture, in parts of its width and height: left, upper, right, lower.
CUTS = (
    (0.0, 0.0, 1.0, 1.0),
    (0.025, 0.025, 0.975, 0.975),
    (0.05, 0.05, 0.95, 0.95),
    (0.05, 0.0, 1.0, 1.0),
    (0.0, 0.0, 0.95, 1.0),
    (0.0, 0.05, 1.0, 1.0),
    (0.0, 0.0, 1.0, 0.95),
)

Hashes = list[tuple[bool, int, int]]
"""Mirrored or not, the number of the cut, and the hash."""
