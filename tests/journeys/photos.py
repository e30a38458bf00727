"""Photos as telephones take them: with a place, a time and a model in them."""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image, ImageDraw

MODEL = "Mate 60 Pro"


def photo(folder: Path, name: str, colour: str) -> Path:
    """Draw a photo with EXIF data."""
    picture = Image.new("RGB", (1200, 900), colour)
    ImageDraw.Draw(picture).rectangle((200, 300, 1000, 800), fill="#5a4630")
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = MODEL
    exif[ExifTags.Base.DateTime] = "2026:11:02 19:40:00"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (36.0, 5.0, 52.0)
    path = folder / f"{name}.jpg"
    picture.save(path, exif=exif)
    return path
