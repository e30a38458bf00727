"""Drawing one challenge: five letters and digits that nobody takes for one another."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass, field
from typing import ClassVar

from captcha.image import ImageCaptcha

ALPHABET = "3479ACDEFHJKMNPRTWXY"  # without 0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V: they look alike when bent
LENGTH = 5
WIDTH, HEIGHT = 200, 72  # pixels

_COLOURS = 16  # a third of the bytes, and nothing is lost to the eye


class _Ink(ImageCaptcha):  # type: ignore[misc, unused-ignore]  # the package may come without types
    """The package's drawing in full ink: its own table makes dark colours faint."""

    lookup_table: ClassVar[list[int]] = [min(255, value * 8) for value in range(256)]  # type: ignore[misc, unused-ignore]


_INK = _Ink(width=WIDTH, height=HEIGHT, font_sizes=(46, 52, 58))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A PNG picture and what is to be read in it."""

    answer: str = field(repr=False)
    picture: bytes = field(repr=False)


def draw() -> Drawing:
    """Draw a new challenge; about 5 ms."""
    answer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    light = 238 + secrets.randbelow(18)
    image = _INK.generate_image(answer, bg_color=(light, light, light), fg_color=_dark_colour())
    out = io.BytesIO()
    image.quantize(_COLOURS).save(out, "PNG")
    return Drawing(answer, out.getvalue())


def _dark_colour() -> tuple[int, int, int]:
    """A colour that stands out from the paper at more than 4.5 to 1."""
    return 32 + secrets.randbelow(70), 32 + secrets.randbelow(70), 32 + secrets.randbelow(70)
