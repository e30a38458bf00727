"""If these fail a film tells where and when it was taken and with whose telephone, or a hostile one stops
all evidence."""

from __future__ import annotations

import io
import random
import shutil
import time
from fractions import Fraction
from pathlib import Path

import av
import pytest

from portal.evidence.cleaning import Clean, CleaningError, clean_stream
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.inspection import HEAD_BYTES, MediaType, quick_check
from tests.evidence.samples import CANARY, film, heic, quarters
from tests.evidence.test_cleaning import corners, picture, tags

MEDIA = (MediaType.MP4, MediaType.MOV, MediaType.M4A, MediaType.MP3)
MOVING = (MediaType.HEIC, *MEDIA)

# What exiftool may say: kind and size, coding, and the places of a container that hold nothing but zeros.
ALLOWED = {
    "SourceFile", "ExifToolVersion", "FileName", "Directory", "FileSize", "FileModifyDate", "FileAccessDate",
    "FileInodeChangeDate", "FilePermissions", "FileType", "FileTypeExtension", "MIMEType",
    "MajorBrand", "MinorVersion", "CompatibleBrands", "MovieHeaderVersion", "TimeScale", "Duration",
    "PreferredRate", "PreferredVolume", "MatrixStructure", "PreviewTime", "PreviewDuration", "PosterTime",
    "SelectionTime", "SelectionDuration", "CurrentTime", "NextTrackID", "TrackHeaderVersion", "TrackID",
    "TrackDuration", "TrackLayer", "TrackVolume", "ImageWidth", "ImageHeight", "Unknown_edts",
    "MediaHeaderVersion", "MediaTimeScale", "MediaDuration", "MediaLanguageCode", "HandlerType",
    "GraphicsMode", "OpColor", "CompressorID", "SourceImageWidth", "SourceImageHeight", "XResolution",
    "YResolution", "BitDepth", "AVCConfiguration", "BufferSize", "MaxBitrate", "AverageBitrate",
    "VideoFrameRate", "SyncSampleTable", "CompositionTimeToSample", "TimeToSampleTable", "SampleToChunk",
    "SampleSizes", "ChunkOffset", "Balance", "AudioFormat", "AudioChannels", "AudioBitsPerSample",
    "AudioSampleRate", "Unknown_esds", "Unknown_btrt", "SampleGroupDescription", "SampleToGroup",
    "HandlerVendorID", "Free", "MediaDataSize", "MediaDataOffset", "MediaData", "ImageSize", "Megapixels",
    "AvgBitrate", "Rotation", "PixelAspectRatio", "Unknown_pasp",
    "MPEGAudioVersion", "AudioLayer", "AudioBitrate", "SampleRate", "ChannelMode", "MSStereo",
    "IntensityStereo", "CopyrightFlag", "OriginalMedia", "Emphasis",
}  # fmt: skip
# Dates have a place in every container; it must be empty.
EMPTY_DATES = {"CreateDate", "ModifyDate", "TrackCreateDate", "TrackModifyDate", "MediaCreateDate",
               "MediaModifyDate"}  # fmt: skip


def cleaned(media_type: MediaType, content: bytes) -> tuple[Clean, bytes, bytes]:
    copies = clean_stream(media_type, io.BytesIO(content))
    try:
        return copies, copies.main.read(), copies.thumb.read() if copies.thumb else b""
    finally:
        copies.close()


def fault_of(media_type: MediaType, content: bytes) -> CleaningFault:
    with pytest.raises(CleaningError) as caught:
        clean_stream(media_type, io.BytesIO(content))
    return caught.value.code


def kinds(content: bytes) -> list[str]:
    with av.open(io.BytesIO(content)) as opened:
        return [f"{one.type} {one.codec_context.name}" for one in opened.streams]


@pytest.mark.parametrize("media_type", MEDIA)
def test_nothing_around_the_streams_leaves(samples: dict[str, bytes], media_type: MediaType) -> None:
    original = samples[media_type]
    assert CANARY.encode() in original
    copies, main, thumb = cleaned(media_type, original)
    for sign in (CANARY.encode(), b"Lavf", b"x264", b"ID3", b"loci", b"chap", b"\xa9xyz", b"+36.05"):
        assert sign not in main + thumb, sign
    assert copies.measures.duration_ms in range(900, 1200)
    assert (copies.thumb is not None) is (media_type.kind == "video")


@pytest.mark.parametrize("media_type", MEDIA)
def test_a_clean_film_plays(samples: dict[str, bytes], media_type: MediaType) -> None:
    copies, main, thumb = cleaned(media_type, samples[media_type])
    expected = {
        "video": ["video h264", "audio aac"],
        "audio": ["audio mp3float" if media_type is MediaType.MP3 else "audio aac"],
    }[media_type.kind]
    assert kinds(main) == expected
    assert quick_check(main[:HEAD_BYTES], len(main)) is copies.media_type
    with av.open(io.BytesIO(main)) as opened:
        assert sum(1 for _ in opened.decode(opened.streams[0])) > 20
    if thumb:
        assert corners(picture(thumb)) == ["red", "green", "blue", "white"]
        assert (copies.measures.width, copies.measures.height) == (64, 48)


def test_the_index_stands_in_front_so_that_a_film_plays_while_it_loads(samples: dict[str, bytes]) -> None:
    assert samples["video/mp4"].index(b"mdat") < samples["video/mp4"].index(b"moov")
    _, main, _ = cleaned(MediaType.MP4, samples["video/mp4"])
    assert main.index(b"moov") < main.index(b"mdat")


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool, which looks for what betrays, is not here"
)
@pytest.mark.parametrize("media_type", MOVING)
def test_exiftool_finds_nothing_beyond_the_allow_list(
    samples: dict[str, bytes], media_type: MediaType, tmp_path: Path
) -> None:
    for number, copy in enumerate(filter(None, cleaned(media_type, samples[media_type])[1:])):
        (path := tmp_path / f"{number}").write_bytes(copy)
        found = tags(path)
        dates = {found.pop(name, "0000:00:00 00:00:00") for name in EMPTY_DATES}
        assert dates == {"0000:00:00 00:00:00"}
        still = {"JFIFVersion", "ResolutionUnit", "EncodingProcess", "BitsPerSample", "ColorComponents",
                 "YCbCrSubSampling"}  # fmt: skip
        assert set(found) <= ALLOWED | still, set(found) - ALLOWED - still
        assert found.get("HandlerType", "Metadata") in {"Metadata", "Video Track", "Audio Track"}


def spoken(rate: int, bits: int) -> bytes:
    """A recording of a second and a half with a tone in it."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as made:
        stream = made.add_stream("libmp3lame", rate=rate)
        stream.bit_rate, stream.layout = bits, "mono"
        stream.codec_context.open()
        step = stream.codec_context.frame_size or 1152
        for number in range(rate * 3 // 2 // step):
            sound = av.AudioFrame(format=stream.codec_context.format.name, layout="mono", samples=step)
            for plane in sound.planes:
                plane.update(random.Random(number).randbytes(plane.buffer_size))
            sound.sample_rate, sound.pts, sound.time_base = rate, number * step, Fraction(1, rate)
            made.mux(stream.encode(sound))
        made.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("rate", "bits"),
    [
        (8000, 16_000),
        (16000, 24_000),
        (22050, 64_000),
        (24000, 160_000),
        (32000, 48_000),
        (44100, 320_000),
        (48000, 128_000),
    ],
)
def test_not_one_frame_of_a_recording_is_lost(rate: int, bits: int) -> None:
    """Otherwise what a witness says has holes."""
    original = spoken(rate, bits)
    _, main, _ = cleaned(MediaType.MP3, original + b"TAG" + CANARY.encode() + bytes(115))
    assert CANARY.encode() not in main
    counts = []
    for content in (original, main):
        with av.open(io.BytesIO(content)) as opened:
            counts.append([packet.size for packet in opened.demux(opened.streams[0]) if packet.size])
    assert len(counts[0]) > 20
    assert counts[0] == counts[1]


def test_a_telephone_held_upright_makes_an_upright_film() -> None:
    content = bytearray(film(audio=""))
    unity = b"".join(one.to_bytes(4, "big") for one in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    turned = b"".join(
        (one % 2**32).to_bytes(4, "big") for one in (0, 65536, 0, -65536, 0, 0, 48 << 16, 0, 1 << 30)
    )
    place = content.index(unity, content.index(b"tkhd"))
    content[place : place + len(turned)] = turned
    copies, main, thumb = cleaned(MediaType.MP4, bytes(content))
    assert turned[:24] in main
    assert picture(thumb).size == (48, 64)
    assert corners(picture(thumb)) == ["blue", "red", "white", "green"]
    assert (copies.measures.width, copies.measures.height) == (48, 64)


def test_a_recording_in_the_container_of_a_film_is_a_recording() -> None:
    copies, main, thumb = cleaned(MediaType.MP4, film(video=""))
    assert (copies.media_type, thumb, kinds(main)) == (MediaType.M4A, b"", ["audio aac"])


def test_a_cover_and_words_in_front_of_a_recording_do_not_leave(samples: dict[str, bytes]) -> None:
    cover = io.BytesIO()
    quarters().save(cover, "JPEG", comment=CANARY)
    body = b"\x00image/jpeg\x00\x03\x00" + cover.getvalue()
    frame = b"APIC" + len(body).to_bytes(4, "big") + b"\x00\x00" + body
    size = len(frame)
    head = b"ID3\x03\x00\x00" + bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    _, main, thumb = cleaned(MediaType.MP3, head + frame + samples["audio/mpeg"])
    assert kinds(main) == ["audio mp3float"]
    assert CANARY.encode() not in main
    assert not thumb


def test_sound_of_an_old_telephone_becomes_what_browsers_play() -> None:
    _, main, _ = cleaned(MediaType.MP4, film("3gp", audio="libopencore_amrnb"))
    assert kinds(main) == ["video h264", "audio aac"]


def test_a_coding_that_is_not_on_the_list_is_refused() -> None:
    assert fault_of(MediaType.MOV, film("mov", video="mpeg2video")) is CleaningFault.UNKNOWN_CODING


def long_film(seconds: int) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in (0, seconds * 25):
            frame = av.VideoFrame.from_image(quarters())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return out.getvalue()


def test_a_film_of_more_than_half_an_hour_is_refused() -> None:
    assert cleaned(MediaType.MP4, long_film(1700))
    assert fault_of(MediaType.MP4, long_film(1900)) is CleaningFault.TOO_LONG


def test_a_film_that_lies_about_its_size_is_refused_before_it_is_decoded() -> None:
    content = film(audio="").replace((64).to_bytes(2, "big") + (48).to_bytes(2, "big"), b"\xff\xff\xff\xff")
    started = time.monotonic()
    try:
        copies, _, _ = cleaned(MediaType.MP4, content)
    except CleaningError as error:
        assert error.code in {CleaningFault.TOO_MANY_PIXELS, CleaningFault.BROKEN}  # noqa: PT017
    else:  # the stream itself tells the truth and is believed
        assert (copies.measures.width, copies.measures.height) == (64, 48)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("media_type", MOVING)
def test_cut_off_at_every_tenth_a_file_is_refused_or_cleaned(
    samples: dict[str, bytes], media_type: MediaType
) -> None:
    content = samples[media_type]
    for tenth in range(10):
        started = time.monotonic()
        try:
            copies, main, thumb = cleaned(media_type, content[: len(content) * tenth // 10])
        except CleaningError as error:
            expected = (
                {CleaningFault.BROKEN, CleaningFault.UNKNOWN_CODING} if tenth else {CleaningFault.EMPTY}
            )
            assert error.code in expected  # noqa: PT017
        else:
            assert CANARY.encode() not in main + thumb
            assert quick_check(main[:HEAD_BYTES], len(main)) is copies.media_type
        assert time.monotonic() - started < 15


def test_a_wrong_index_is_refused_or_harmless(samples: dict[str, bytes]) -> None:
    content = samples["video/mp4"]
    start = content.index(b"moov")
    chance = random.Random(7)
    for _ in range(12):
        wrong = bytearray(content)
        for _ in range(chance.randint(1, 40)):
            wrong[chance.randrange(start, len(wrong))] = chance.randrange(256)
        started = time.monotonic()
        try:
            copies, main, thumb = cleaned(MediaType.MP4, bytes(wrong))
        except CleaningError:
            continue
        finally:
            assert time.monotonic() - started < 15
        assert copies.media_type in {MediaType.MP4, MediaType.M4A}
        assert CANARY.encode() not in main + thumb


def test_a_telephones_picture_comes_out_as_a_common_one(samples: dict[str, bytes]) -> None:
    copies, main, thumb = cleaned(MediaType.HEIC, samples["image/heic"])
    assert (copies.media_type, picture(main).format) == (MediaType.JPEG, "JPEG")
    assert corners(picture(main)) == corners(picture(thumb)) == ["red", "green", "blue", "white"]
    for sign in (CANARY.encode(), b"Exif", b"http://", b"ftyp"):
        assert sign not in main + thumb


@pytest.mark.assure
def test_a_twelve_megapixel_heic_fits_its_memory() -> None:
    copies, _, _ = cleaned(MediaType.HEIC, heic(quarters((4032, 3024))))
    assert max(copies.measures.width or 0, copies.measures.height or 0) == 2560
