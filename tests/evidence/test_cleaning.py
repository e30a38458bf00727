"""If these fail a photograph tells the reported firm where its taker stood and whose telephone it was, or one
hostile file stops all evidence."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageCms

from portal.evidence import cleaning, pictures
from portal.evidence.cleaning import CleaningError, clean_stream
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.documents import strip_boxes, strip_segments
from portal.evidence.inspection import MediaType
from tests.evidence.samples import CANARY, CORNERS, jpeg, pdf, png, quarters, webp
from tests.evidence.test_inspection import archive, gif, png_head

JPEG, PNG, WEBP, PDF = MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.PDF
STILL_TYPES = (JPEG, PNG, WEBP, PDF)

# What exiftool may say about a file that leaves: its kind, its size and how its pixels are coded.
ALLOWED = {
    "SourceFile", "ExifToolVersion", "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate",
    "FileInodeChangeDate", "FilePermissions", "FileType", "FileTypeExtension", "MIMEType",
    "ImageWidth", "ImageHeight", "ImageSize", "Megapixels", "BitDepth", "ColorType", "Compression", "Filter",
    "Interlace", "JFIFVersion", "ResolutionUnit", "XResolution", "YResolution", "EncodingProcess",
    "BitsPerSample",
    "ColorComponents", "YCbCrSubSampling", "PDFVersion", "Linearized", "PageCount",
}  # fmt: skip


def cleaned(media_type: MediaType, content: bytes) -> tuple[bytes, bytes]:
    copies = clean_stream(media_type, io.BytesIO(content))
    try:
        return copies.main.read(), copies.thumb.read() if copies.thumb else b""
    finally:
        copies.close()


def fault_of(media_type: MediaType, content: bytes) -> CleaningFault:
    with pytest.raises(CleaningError) as caught:
        clean_stream(media_type, io.BytesIO(content))
    return caught.value.code


def picture(content: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(content))
    opened.load()
    return opened


def corners(image: Image.Image) -> list[str]:
    """Return the colour names seen in the four quarters, left to right, above first."""
    found = []
    for low in (1, 3):
        for right in (1, 3):
            pixel = image.convert("RGB").getpixel((image.width * right // 4, image.height * low // 4))
            assert isinstance(pixel, tuple)
            found.append({(1, 0, 0): "red", (0, 0, 1): "blue", (1, 1, 1): "white"}.get(
                (pixel[0] > 200, pixel[1] > 200, pixel[2] > 200), "green"))  # fmt: skip
    return found


def tags(path: Path) -> dict[str, str]:
    said = subprocess.run(
        ["exiftool", "-json", "-a", "-u", "-ee", str(path)], capture_output=True, check=True
    )
    (found,) = json.loads(said.stdout)
    return dict(found)


@pytest.mark.parametrize(("media_type", "make"), [(JPEG, jpeg), (PNG, png), (WEBP, webp)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_comes_out_upright(media_type: MediaType, make: object, orientation: int) -> None:
    undo = [t for o, t in pictures._TURNS.items() if o == orientation]
    inverse = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = quarters()
    for turn in undo:
        stored = stored.transpose(inverse.get(turn, turn))
    main, thumb = cleaned(media_type, make(stored, orientation))  # type: ignore[operator]
    assert picture(main).size == quarters().size
    assert corners(picture(main)) == corners(picture(thumb)) == list(CORNERS)


@pytest.mark.parametrize(("media_type", "make"), [(JPEG, jpeg), (PNG, png), (WEBP, webp), (PDF, pdf)])
def test_nothing_that_betrays_its_maker_leaves(media_type: MediaType, make: object, tmp_path: Path) -> None:
    content = make()  # type: ignore[operator]
    for number, copy in enumerate(filter(None, cleaned(media_type, content))):
        assert CANARY.encode() not in copy
        for sign in (
            b"Exif\x00",
            b"http://ns.adobe.com",
            b"xpacket",
            b"ICC_PROFILE",
            b"eXIf",
            b"tEXt",
            b"pHYs",
            b"iCCP",
        ):
            assert sign not in copy, sign
        (tmp_path / f"{number}").write_bytes(copy)


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool, which looks for what betrays, is not here"
)
@pytest.mark.parametrize(("media_type", "make"), [(JPEG, jpeg), (PNG, png), (WEBP, webp), (PDF, pdf)])
def test_exiftool_finds_nothing_beyond_the_allow_list(
    media_type: MediaType, make: object, tmp_path: Path
) -> None:
    (tmp_path / "original").write_bytes(make())  # type: ignore[operator]
    before = tags(tmp_path / "original")
    assert set(before) - ALLOWED, "the test file itself must betray something"
    for number, copy in enumerate(filter(None, cleaned(media_type, make()))):  # type: ignore[operator]
        (path := tmp_path / f"{number}").write_bytes(copy)
        assert set(tags(path)) <= ALLOWED, set(tags(path)) - ALLOWED


def test_a_preview_inside_the_exif_data_does_not_leave() -> None:
    hidden = quarters((16, 12)).rotate(180)
    small = io.BytesIO()
    hidden.save(small, "JPEG")
    data = small.getvalue()
    ifd = b"\x00\x02\x02\x01\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26\x02\x02\x00\x04\x00\x00\x00\x01"
    tiff = b"MM\x00*\x00\x00\x00\x08" + ifd + len(data).to_bytes(4, "big") + bytes(4) + data
    main, thumb = cleaned(JPEG, jpeg(exif=b"Exif\x00\x00" + tiff))
    assert data in jpeg(exif=b"Exif\x00\x00" + tiff)
    assert main.count(b"\xff\xd8\xff") == thumb.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4032, 3024), (2016, 1512)),
        ((3024, 4032), (1512, 2016)),
        ((3264, 2448), (2560, 1920)),
        ((6000, 4000), (2560, 1707)),
        ((640, 480), (640, 480)),
        ((20000, 3), (2560, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_clean_copy_is_at_most_2560_and_a_small_one_320_pixels_long(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    copies = clean_stream(JPEG, io.BytesIO(jpeg(Image.new("RGB", size, "teal"))))
    assert copies.thumb is not None
    with copies.main as main, copies.thumb as thumb:
        assert picture(main.read()).size == (copies.measures.width, copies.measures.height) == expected
        assert max(picture(thumb.read()).size) == min(320, max(size))


def test_a_screenshot_stays_lossless_and_a_large_png_becomes_a_photograph() -> None:
    shot = quarters((1080, 1920))
    main, _ = cleaned(PNG, png(shot))
    assert picture(main).format == "PNG"
    assert ImageChops.difference(picture(main), shot).getbbox() is None
    noisy = Image.merge("RGB", [Image.effect_noise((1500, 1500), 90)] * 3)
    assert picture(cleaned(PNG, png(noisy))[0]).format == "JPEG"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_comes_out(mode: str) -> None:
    source = (
        quarters(mode="L").point(lambda v: v * 257, "I").convert(mode)
        if mode == "I;16"
        else quarters(mode=mode)
    )
    main, _ = cleaned(PNG, png(source))
    seen = picture(main).convert("L").tobytes()
    assert min(seen) < 100
    assert max(seen) > 240


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_every_kind_of_jpeg_comes_out(mode: str) -> None:
    main, _ = cleaned(JPEG, jpeg(quarters(mode=mode), icc_profile=b""))
    image = picture(main)
    assert image.mode == ("L" if mode == "L" else "RGB")
    if mode != "L":
        assert corners(image) == list(CORNERS)


def test_what_is_hidden_under_transparency_is_gone() -> None:
    hidden = quarters(mode="RGBA")
    hidden.putalpha(0)
    main, _ = cleaned(PNG, png(hidden))
    assert picture(main).convert("RGB").getextrema() == ((255, 255),) * 3


def test_a_profile_of_another_colour_space_is_applied_and_a_broken_one_ignored() -> None:
    assert cleaned(JPEG, jpeg(icc_profile=b"rubbish" * 40))
    lab = jpeg(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    assert corners(picture(cleaned(JPEG, lab)[0])) == list(CORNERS)


def zeros(size: int) -> bytes:
    packer = zlib.compressobj(9)
    whole, rest = divmod(size, 1 << 20)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(whole)]
    return b"".join([*pieces, packer.compress(bytes(rest)), packer.flush()])


def png_of(width: int, height: int) -> bytes:
    data = zeros(min(128 << 20, height * (width * 3 + 1)))
    chunk = len(data).to_bytes(4, "big") + b"IDAT" + data + zlib.crc32(b"IDAT" + data).to_bytes(4, "big")
    return png_head(width, height) + chunk + bytes(4) + b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")


@pytest.mark.parametrize("size", [(30000, 30000), (9000, 9000), (40_000_001, 1)])
def test_a_pixel_bomb_is_refused(size: tuple[int, int]) -> None:
    assert fault_of(PNG, png_of(*size)) is CleaningFault.TOO_MANY_PIXELS


@pytest.mark.parametrize("side", [6400, 12000, 65535])
def test_a_jpeg_pixel_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    content = bytearray(jpeg())
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = side.to_bytes(2, "big") * 2
    started = time.monotonic()
    assert fault_of(JPEG, bytes(content)) is CleaningFault.TOO_MANY_PIXELS
    assert time.monotonic() - started < 5


def test_a_picture_at_the_limit_is_cleaned_within_its_memory() -> None:
    assert cleaned(PNG, png_of(8000, 5000))
    copies = clean_stream(WEBP, io.BytesIO(webp(Image.new("RGBA", (6000, 4000), (9, 90, 9, 128)))))
    copies.close()
    assert (copies.measures.width, copies.measures.height) == (2560, 1707)


@pytest.mark.parametrize("media_type", STILL_TYPES)
@pytest.mark.parametrize("tenth", range(10))
def test_a_file_cut_off_anywhere_is_refused_or_cleaned_and_never_crashes(
    samples: dict[str, bytes], media_type: MediaType, tenth: int
) -> None:
    content = samples[media_type]
    cut = content[: len(content) * tenth // 10]
    try:
        main, _ = cleaned(media_type, cut)
    except CleaningError as error:
        expected = CleaningFault.EMPTY if tenth == 0 else CleaningFault.BROKEN
        assert error.code is expected  # noqa: PT017
        return
    assert media_type is PDF, "a picture that is cut off does not decode"
    assert CANARY.encode() not in main


@pytest.mark.parametrize("media_type", STILL_TYPES)
def test_tiny_and_foreign_files_are_refused(media_type: MediaType, samples: dict[str, bytes]) -> None:
    assert fault_of(media_type, b"") is CleaningFault.EMPTY
    for content in (b"\xff", b"<html>", b"<svg/>", archive(), gif()):
        assert fault_of(media_type, content) is CleaningFault.NOT_ALLOWED
    other = "application/pdf" if media_type is not PDF else "image/png"
    assert fault_of(media_type, samples[other]) is CleaningFault.NOT_ALLOWED


def test_pages_hidden_behind_a_photograph_do_not_reach_its_clean_copy() -> None:
    tail = b"<html><script>alert(1)</script></html>"
    main, thumb = cleaned(JPEG, jpeg() + tail)
    assert tail not in main + thumb
    assert b"<script" not in main + thumb


def test_only_the_first_picture_of_a_moving_one_is_kept() -> None:
    out = io.BytesIO()
    quarters().save(out, "WEBP", save_all=True, append_images=[Image.new("RGB", (64, 48))] * 5, lossless=True)
    assert corners(picture(cleaned(WEBP, out.getvalue())[0])) == list(CORNERS)


def test_a_document_keeps_its_pages_and_pictures_and_loses_all_around_them() -> None:
    copies = clean_stream(PDF, io.BytesIO(pdf()))
    with copies.main as main, pikepdf.open(main) as document:
        assert (copies.measures.pages, len(document.pages), copies.thumb) == (2, 2, None)
        assert set(document.Root.keys()) == {"/Type", "/Pages"}
        assert "/Info" not in document.trailer
        assert not document.attachments
        for page in document.pages:
            assert not {"/Annots", "/AA", "/PieceInfo", "/LastModified"} & set(page.obj.keys())
            photo = picture(page.obj.Resources.XObject.Photo.read_raw_bytes())
            assert corners(photo) == list(CORNERS)


def test_every_clean_document_carries_the_same_id_which_tells_nothing() -> None:
    content = pdf()
    first, second = cleaned(PDF, content)[0], cleaned(PDF, content)[0]
    assert first == second
    with pikepdf.open(io.BytesIO(first)) as document:
        assert bytes(document.trailer.ID[0]) == bytes.fromhex("31415926535897932384626433832795")


def test_a_document_that_needs_a_password_is_refused_and_one_that_does_not_is_cleaned() -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="owner", user="user"))
    assert fault_of(PDF, locked) is CleaningFault.ENCRYPTED_PDF
    open_to_read = pdf(encryption=pikepdf.Encryption(owner="owner", user=""))
    with pikepdf.open(io.BytesIO(cleaned(PDF, open_to_read)[0])) as document:
        assert not document.is_encrypted


def test_a_filled_form_keeps_what_is_seen() -> None:
    made = pikepdf.Pdf.new()
    page = made.add_blank_page(page_size=(200, 200))
    look = made.make_stream(b"BT /F 12 Tf (seen) Tj ET", {
        "/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": [0, 0, 100, 20],
    })  # fmt: skip
    field = made.make_indirect(pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=pikepdf.String(CANARY),
        V=pikepdf.String("seen"), Rect=[10, 10, 110, 30], F=4, AP=pikepdf.Dictionary(N=look),
    ))  # fmt: skip
    page.obj.Annots = pikepdf.Array([field])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    out = io.BytesIO()
    made.save(out)
    main, _ = cleaned(PDF, out.getvalue())
    with pikepdf.open(io.BytesIO(main)) as document:
        shown = [item.read_bytes() for item in document.objects if isinstance(item, pikepdf.Stream)]
    assert any(b"(seen)" in stream for stream in shown)
    assert CANARY.encode() not in main


def test_a_document_too_deep_or_without_pages_is_refused() -> None:
    deep = b"[" * 5000 + b"]" * 5000
    broken = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/X " + deep + b">>endobj\ntrailer<</Root 1 0 R>>"
    assert fault_of(PDF, broken) is CleaningFault.BROKEN
    assert fault_of(PDF, b"%PDF-1.4\n%%EOF") is CleaningFault.BROKEN


def test_stripping_a_jpeg_2000_drops_its_descriptions_only() -> None:
    def box(kind: bytes, body: bytes) -> bytes:
        return (len(body) + 8).to_bytes(4, "big") + kind + body

    start = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 ")
    rest = (0).to_bytes(4, "big") + b"jp2c" + b"pixels"
    assert strip_boxes(start + box(b"uuid", CANARY.encode()) + box(b"xml ", b"x") + rest) == start + rest
    assert strip_boxes(b"\xff\x4f\xff\x51raw") == b"\xff\x4f\xff\x51raw"


def test_stripping_a_jpeg_leaves_its_pixels_as_they_were() -> None:
    stripped = strip_segments(jpeg() + b"trailing")
    assert CANARY.encode() not in stripped
    assert stripped.endswith(b"\xff\xd9")
    assert ImageChops.difference(picture(stripped), picture(jpeg())).getbbox() is None
    for cut in range(0, len(stripped), 50):
        strip_segments(stripped[:cut])


@pytest.mark.parametrize(
    ("program", "fault"),
    [
        ("import time; time.sleep(60)", CleaningFault.TOO_COSTLY),
        ("import os; os.abort()", CleaningFault.CRASHED),
        ("import sys; sys.exit(3)", CleaningFault.CRASHED),
        ("import portal.evidence.confinement as c; c.confine(c.Limits(2**29, 9, 1, 9))\nwhile True: pass",
         CleaningFault.TOO_COSTLY),
        ("from portal.evidence import confinement as c; c.confine(c.LIMITS['picture']); bytearray(10**9)",
         CleaningFault.CRASHED),
        ("print('no json')", CleaningFault.CRASHED),
        ("print('[]')", CleaningFault.CRASHED),
        ("print('{\"fault\": \"unheard of\"}')", CleaningFault.CRASHED),
        ("print('{\"fault\": \"too_costly\"}')", CleaningFault.TOO_COSTLY),
    ],
)  # fmt: skip
def test_a_child_taken_over_or_stuck_costs_only_itself(program: str, fault: CleaningFault) -> None:
    with pytest.raises(CleaningError) as caught, cleaning._memory_file() as nothing:
        cleaning._facts(cleaning._run([sys.executable, "-c", program], nothing, [], 4))
    assert caught.value.code is fault


def test_the_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET", CANARY)
    with cleaning._memory_file() as nothing:
        said = cleaning._run(
            [sys.executable, "-c", "import os; print(dict(os.environ), os.listdir('/proc/self/fd'))"],
            nothing,
            [],
            15,
        )
    assert CANARY.encode() not in said


def test_no_descriptor_stays_open_after_refusals(samples: dict[str, bytes]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        fault_of(JPEG, samples["image/jpeg"][:500])
        fault_of(PDF, b"%PDF-1.4\n")
    assert len(os.listdir("/proc/self/fd")) == before
