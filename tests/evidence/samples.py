"""Generated files as telephones and office programs make them, with canaries where they betray people."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import pikepdf
import pillow_heif
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageCms, ImageDraw, ImageFilter, PngImagePlugin

CANARY = "CANARY7731"
SIZE = (64, 48)
CORNERS = {"red": (0, 0), "green": (1, 0), "blue": (0, 1), "white": (1, 1)}


def quarters(size: tuple[int, int] = SIZE, mode: str = "RGB") -> Image.Image:
    """Return a picture with a colour in each corner, so that a turn is seen."""
    picture = Image.new("RGB", size)
    for colour, (right, low) in CORNERS.items():
        box = (right * size[0] // 2, low * size[1] // 2, size[0], size[1])
        picture.paste(Image.new("RGB", (box[2] - box[0], box[3] - box[1]), colour), box)
    return picture.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    """Return Exif data with position, maker, owner and serial number."""
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = CANARY + ' "><img src=x onerror=alert(1)>'
    data[0x010F] = data[0x013B] = data[0x8298] = CANARY
    data.get_ifd(0x8825).update(
        {1: "N", 2: (36.0, 5.0, 51.4), 3: "E", 4: (114.0, 21.0, 0.1), 29: "2026:11:21"}
    )
    data.get_ifd(0x8769).update({0x9003: "2026:11:21 08:00:00", 0xA430: CANARY, 0xA431: CANARY})
    return data


def xmp() -> bytes:
    """Return an XMP packet that names its author."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="{CANARY}"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def srgb() -> bytes:
    """Return a colour profile, which carries its maker and date."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg(picture: Image.Image | None = None, orientation: int = 1, **options: object) -> bytes:
    """Return a photograph as a telephone takes it: Exif with position, XMP, profile, comment."""
    out = io.BytesIO()
    settings = {
        "exif": exif(orientation),
        "xmp": xmp(),
        "icc_profile": srgb(),
        "comment": CANARY,
        "dpi": (72, 72),
    }
    (picture or quarters()).save(out, "JPEG", quality=92, **{**settings, **options})
    return out.getvalue()


def png(picture: Image.Image | None = None, orientation: int = 1) -> bytes:
    """Return a PNG with text chunks, Exif and a resolution."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", CANARY)
    text.add_itxt("XML:com.adobe.xmp", xmp().decode())
    text.add_text("Comment", CANARY * 50, zip=True)
    out = io.BytesIO()
    (picture or quarters()).save(
        out, "PNG", pnginfo=text, exif=exif(orientation), dpi=(300, 300), icc_profile=srgb()
    )
    return out.getvalue()


def webp(picture: Image.Image | None = None, orientation: int = 1) -> bytes:
    """Return a WebP with Exif and XMP."""
    out = io.BytesIO()
    (picture or quarters()).save(out, "WEBP", lossless=True, exif=exif(orientation), xmp=xmp())
    return out.getvalue()


def pdf(**save: object) -> bytes:
    """Return a document of two pages with all that a page does not need: scripts, actions, files, author."""
    made = Pdf.new()
    picture = made.make_stream(jpeg(), {
        "/Type": Name.XObject, "/Subtype": Name.Image, "/Width": SIZE[0], "/Height": SIZE[1],
        "/ColorSpace": Name.DeviceRGB, "/BitsPerComponent": 8, "/Filter": Name.DCTDecode,
        "/Metadata": made.make_stream(xmp(), {"/Type": Name.Metadata, "/Subtype": Name.XML}),
    })  # fmt: skip
    script = Dictionary(S=Name.JavaScript, JS=pikepdf.String(f"app.alert('{CANARY}')"))
    for _ in range(2):
        page = made.add_blank_page(page_size=(200, 200))
        page.Contents = made.make_stream(b"q 100 0 0 75 50 50 cm /Photo Do Q")
        page.Resources = Dictionary(XObject=Dictionary(Photo=picture))
        page.obj.AA = Dictionary(O=script)
        page.obj.PieceInfo = Dictionary(Word=Dictionary(Private=pikepdf.String(CANARY)))
        page.obj.LastModified = pikepdf.String(CANARY)
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 50, 50]), T=pikepdf.String(CANARY),
            A=Dictionary(S=Name.URI, URI=pikepdf.String(f"http://{CANARY}.example/")),
        )  # fmt: skip
        page.obj.Annots = made.make_indirect(Array([made.make_indirect(link)]))
    made.Root.OpenAction = script
    made.Root.AA = Dictionary(WC=script)
    made.attachments[f"{CANARY}.html"] = b"<script>" + CANARY.encode()
    made.docinfo["/Author"] = CANARY
    made.docinfo["/Title"] = CANARY
    with made.open_metadata() as metadata:
        metadata["dc:creator"] = [CANARY]
    out = io.BytesIO()
    made.save(out, **{"object_stream_mode": pikepdf.ObjectStreamMode.disable, **save})
    return out.getvalue()


def heic(picture: Image.Image | None = None) -> bytes:
    """Return a photograph as newer telephones take it."""
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    (picture or quarters()).save(
        out, "HEIF", exif=exif(), xmp=xmp(), quality=90, enc_params={"preset": "ultrafast"}
    )
    return out.getvalue()


def film(
    format_: str = "mp4",
    *,
    video: str = "libx264",
    audio: str = "aac",
    seconds: float = 1.0,
    size: tuple[int, int] = SIZE,
    movflags: str = "",
    rate: int = 25,
    drawn: Callable[[float], Image.Image] | None = None,
) -> bytes:
    """Return a film as a telephone takes it, or a recording if it has no `video`, with position and names.

    ``drawn`` gives what is seen at a second.
    """
    out = io.BytesIO()
    options = {"movflags": movflags} if movflags else {}
    with av.open(out, "w", format=format_, container_options=options) as made:
        made.metadata.update(
            {"title": CANARY, "artist": CANARY, "comment": CANARY, "location": "+36.0500+114.3900/"}
            | {"creation_time": "2026-11-21T08:00:00Z", "make": CANARY, "model": CANARY}
        )
        made.set_chapters(
            [{"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": CANARY}}]
        )
        streams = [
            *([_picture_stream(made, video, size, rate)] if video else []),
            *([_sound_stream(made, audio)] if audio else []),
        ]
        for stream in streams:
            for frame in _frames(stream, seconds, rate, drawn):
                made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
    return out.getvalue()


def _picture_stream(made: OutputContainer, coding: str, size: tuple[int, int], rate: int) -> VideoStream:
    stream = made.add_stream(coding, rate=rate)
    stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
    stream.metadata.update(
        {"handler_name": CANARY, "language": "chi", "creation_time": "2026-11-21T08:00:00"}
    )
    return stream


def _sound_stream(made: OutputContainer, coding: str) -> AudioStream:
    stream = made.add_stream(coding, rate=8000 if coding == "libopencore_amrnb" else 44100)
    stream.layout = "mono"
    stream.metadata["handler_name"] = CANARY
    stream.codec_context.open()
    return stream


def _frames(
    stream: VideoStream | AudioStream,
    seconds: float,
    rate: int,
    drawn: Callable[[float], Image.Image] | None,
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    if isinstance(stream, VideoStream):
        size = (stream.width, stream.height)
        for number in range(int(rate * seconds)):
            seen = drawn(number / rate).resize(size) if drawn else quarters(size)
            picture = av.VideoFrame.from_image(seen)
            picture.pts, picture.time_base = number, Fraction(1, rate)
            yield picture
        return
    context = stream.codec_context
    step = context.frame_size or 1024
    for number in range(max(2, int(stream.rate * seconds) // step)):
        sound = av.AudioFrame(format=context.format.name, layout="mono", samples=step)
        for plane in sound.planes:
            plane.update(bytes(plane.buffer_size))
        sound.sample_rate, sound.pts, sound.time_base = stream.rate, number * step, Fraction(1, stream.rate)
        yield sound


def one_of_each() -> dict[str, bytes]:
    """One good file of each accepted type."""
    return {
        "image/jpeg": jpeg(),
        "image/png": png(),
        "image/webp": webp(),
        "image/heic": heic(),
        "video/mp4": film(),
        "video/quicktime": film("mov"),
        "audio/mp4": film("ipod", video=""),
        "audio/mpeg": film("mp3", video="", audio="libmp3lame"),
        "application/pdf": pdf(),
    }


def scene(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Return a picture like a photograph: soft light, things before it, a little blur; each seed another."""
    chance = random.Random(seed)
    light = Image.new("RGB", (chance.randint(4, 10), chance.randint(3, 8)))
    light.putdata(
        [tuple(chance.randint(0, 255) for _ in range(3)) for _ in range(light.width * light.height)]
    )
    picture = light.resize(size, Image.Resampling.BICUBIC)
    brush = ImageDraw.Draw(picture)
    for _ in range(chance.randint(4, 25)):
        left, upper = chance.randint(-50, size[0]), chance.randint(-50, size[1])
        box = (left, upper, left + chance.randint(10, size[0] // 2), upper + chance.randint(10, size[1] // 2))
        colour = (chance.randint(0, 255), chance.randint(0, 255), chance.randint(0, 255))
        shape = chance.choice((brush.rectangle, brush.ellipse))
        shape(box, fill=colour)
    return picture.filter(ImageFilter.GaussianBlur(chance.random() * 2))
