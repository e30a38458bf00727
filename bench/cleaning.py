"""Photos cleaned per second and core: whole children, one after the other, as a worker runs them."""

from __future__ import annotations

import io
import resource
import time

from PIL import Image, ImageFilter

from portal.evidence.cleaning import clean_stream
from portal.evidence.inspection import MediaType

TWELVE_MEGAPIXELS = (4032, 3024)


def photo() -> bytes:
    """Make a photo-like picture of a telephone's size and weight."""
    soft = Image.effect_noise((504, 378), 60).resize(TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(TWELVE_MEGAPIXELS, 6)
    grey = Image.blend(soft, grain, 0.15)
    picture = Image.merge("RGB", (grey, grey.filter(ImageFilter.BoxBlur(2)), soft))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def per_core_second(content: bytes, count: int) -> tuple[float, float]:
    """Clean so many photos; return how many a second of one core's work and of the wall clock does."""
    before, started = _computing(), time.monotonic()
    for _ in range(count):
        clean_stream(MediaType.JPEG, io.BytesIO(content)).close()
    return count / (_computing() - before), count / (time.monotonic() - started)


def _computing() -> float:
    """Return the seconds of computing of this process and its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
