"""The child process that opens one picture: a clean copy and a small one, with nothing but the pixels.

Run by portal.evidence.cleaning as `python -m portal.evidence.pictures DESCRIPTOR DESCRIPTOR`.
"""

from __future__ import annotations

import io
import struct
import warnings
from importlib import import_module
from typing import BinaryIO

from PIL import Image, ImageCms, UnidentifiedImageError, WebPImagePlugin

from portal.evidence import confinement
from portal.evidence.hashing import hashes_of
from portal.evidence.inspection import (
    MAX_PIXELS,
    TAKEN,
    InspectionError,
    InspectionFault,
    Kind,
    MediaType,
    check_pixels,
)

LONG_SIDE = 2560
DECODED_SIDE = 2000  # the decoder may halve a picture down to here: 12 megapixels then cost half the time
THUMB_SIDE = 320
JPEG_QUALITY = 85
THUMB_QUALITY = 75
LOSSLESS_BYTES = 2 * 1024 * 1024  # a screenshot stays lossless up to here; more is a photograph

_FORMATS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: WebPImagePlugin.WebPImageFile.format,
    MediaType.HEIC: "HEIF",
}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow and its decoders raise for a file that is not what it says.
_DECODER_ERRORS = (
    OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, OverflowError, struct.error,
    ZeroDivisionError, AttributeError, NotImplementedError, RuntimeError, UnidentifiedImageError,
)  # fmt: skip


def work(media_type: MediaType, source: BinaryIO, results: list[BinaryIO]) -> confinement.Facts:
    """Open one picture, write its clean and its small copy, and return size and type of the clean one."""
    try:
        image = Image.open(source, formats=[_FORMATS[media_type]])
        width, height = image.size  # the decoder's own reduction changes it
        check_pixels(width, height)
        clean = reduce(image)
        clean_type = write_clean(clean, media_type, results[0])
        write_thumb(clean, results[1])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InspectionError(InspectionFault.TOO_MANY_PIXELS) from None
    except MemoryError:
        raise
    except _DECODER_ERRORS:
        raise InspectionError(InspectionFault.BROKEN) from None
    return {
        "width": clean.width,
        "height": clean.height,
        "media_type": clean_type.value,
        "hashes": hashes_of(clean),
    }


def reduce(image: Image.Image) -> Image.Image:
    """Decode, as small as the decoder can already make it, and return plain upright pixels."""
    image.draft("RGB", (DECODED_SIDE, 1) if image.width >= image.height else (1, DECODED_SIDE))
    turn = _turn(image)
    profile = image.info.get("icc_profile")
    image.load()
    pixels = _plain(image)
    pixels.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.HAMMING, reducing_gap=None)
    pixels = _in_common_colours(pixels, profile)
    if turn is not None:
        pixels = pixels.transpose(turn)
    pixels.info.clear()  # comments, profiles and resolutions would be saved again
    return pixels


def write_clean(pixels: Image.Image, media_type: MediaType, result: BinaryIO) -> MediaType:
    """Write the clean copy: PNG where the original was lossless and it stays small, else JPEG."""
    if media_type is MediaType.PNG and pixels.width * pixels.height <= LOSSLESS_BYTES * 2:
        lossless = io.BytesIO()
        pixels.save(lossless, "PNG", compress_level=4)
        if lossless.tell() <= LOSSLESS_BYTES:
            result.write(lossless.getbuffer())
            return MediaType.PNG
    pixels.save(result, "JPEG", quality=JPEG_QUALITY)
    return MediaType.JPEG


def write_thumb(pixels: Image.Image, result: BinaryIO) -> None:
    """Write the small copy out of the clean one."""
    small = pixels.reduce(max(1, max(pixels.size) // (THUMB_SIDE * 2)))
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.BICUBIC)
    small.save(result, "JPEG", quality=THUMB_QUALITY)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return what sets the picture upright; unreadable Exif data turns nothing."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except _DECODER_ERRORS:
        return None


def _plain(image: Image.Image) -> Image.Image:
    """Return grey or RGB pixels on white: what lies under transparency is not shown and not kept."""
    if image.mode in {"L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16 bits a pixel
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"1", "F", "CMYK", "YCbCr", "LAB", "HSV"}:
        return image.convert("L" if image.mode in {"1", "F"} else "RGB")
    if image.mode == "P" and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image if image.mode == "RGBA" else image.convert("RGBA")  # a copy may be 160 MiB
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white


def _in_common_colours(pixels: Image.Image, profile: object) -> Image.Image:
    """Convert from a telephone's own colour space, whose profile is dropped, where it is another."""
    if not isinstance(profile, bytes) or pixels.mode != "RGB" or b"sRGB" in profile[:1024]:
        return pixels
    try:
        return _converted(pixels, profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels


def _converted(pixels: Image.Image, profile: bytes) -> Image.Image:
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.profileToProfile(pixels, own, ImageCms.createProfile("sRGB"), outputMode="RGB") or pixels


def _teach_heic() -> None:
    """Teach Pillow the pictures of telephones, one thread and the main picture only."""
    if MediaType.HEIC in TAKEN:
        import_module("pillow_heif").register_heif_opener(thumbnails=False, decode_threads=1)


def main() -> None:
    """Answer for one picture."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    _teach_heic()
    confinement.answer(frozenset(_FORMATS), work, Kind.PICTURE)


if __name__ == "__main__":
    main()
