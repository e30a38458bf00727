"""The child process that opens one film or recording: its streams in a bare container, and a still of a film.

Nothing is coded anew but sound that no browser plays. Position, times, names of makers and programs, covers,
subtitles and telemetry stand around the streams or in streams of their own, and are left behind; what
encoders may write between the pictures is taken out as well.

Run by portal.evidence.cleaning as `python -m portal.evidence.media DESCRIPTOR [DESCRIPTOR]`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from portal.evidence import confinement
from portal.evidence.hashing import hashes_of
from portal.evidence.inspection import (
    InspectionError,
    InspectionFault,
    Kind,
    MediaType,
    check_pixels,
    mp3_frame_bytes,
)
from portal.evidence.pictures import write_thumb

MAX_VIDEO_SECONDS = 30 * 60
MAX_AUDIO_SECONDS = 3 * 60 * 60

# Codings that are copied, and what takes messages of encoders and cameras out of them.
_VIDEO = {
    "h264": "filter_units=remove_types=6",
    "hevc": "filter_units=remove_types=39-40",
    "mpeg4": "",
    "av1": "",
    "vp9": "",
}
_AUDIO = frozenset({"aac", "mp3"})
# Sound that old telephones and cameras write; it becomes AAC.
_RECODED = frozenset({"amrnb", "amrwb", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "opus", "ac3"})
_CODING_OF = {"libdav1d": "av1", "mp3float": "mp3", "libopus": "opus", "libopencore_amrnb": "amrnb"}
_DECODERS = ",".join([*_VIDEO, *sorted(_AUDIO), *sorted(_RECODED), *_CODING_OF])
_AUDIO_RATE = 64_000
_STILL_SECONDS = 0.5  # films often begin in the dark
_STILL_FRAMES = 31  # half a second of 60 pictures a second: at another rate it is the same still
_ERRORS = (av.FFmpegError, ValueError, OSError, EOFError, OverflowError, TypeError, AttributeError,
           IndexError, ZeroDivisionError, RuntimeError)  # fmt: skip


@dataclass(slots=True)
class _Length:
    """How long the streams really are, whatever the container claims."""

    limit: float
    seconds: float = 0.0
    last: dict[int, int] = field(default_factory=dict)

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet in; raises too_long."""
        if packet.pts is None or packet.time_base is None:
            return
        end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
        self.seconds = max(self.seconds, end)
        if self.seconds > self.limit:
            raise InspectionError(InspectionFault.TOO_LONG)

    def straighten(self, packet: Packet[Any]) -> Packet[Any] | None:
        """Give a packet a time after the one before, as containers want it; one without any time goes."""
        if packet.dts is None:
            return None
        place = packet.stream_index
        dts = max(packet.dts, self.last.get(place, packet.dts - 1) + 1)
        self.last[place] = packet.dts = dts
        if packet.pts is None or packet.pts < dts:
            packet.pts = dts
        return packet


def work(media_type: MediaType, source: BinaryIO, results: list[BinaryIO]) -> confinement.Facts:
    """Open one file, write its bare streams and a small still, and return size, length and type."""
    try:
        with _open(source, media_type) as original:
            video, _ = _streams(original)
            is_film = video is not None
            kind = Kind.VIDEO if is_film else Kind.AUDIO
            _check_claims(original, video, source)
        still = _still(source, media_type) if is_film else None
        if still is None:
            _hear(source, media_type)
        facts: confinement.Facts = {"width": still.width, "height": still.height} if still else {}
        target = _target(media_type, is_film=is_film)
        seconds = _remux(source, media_type, results[0], target)
        if still is not None and len(results) > 1:
            write_thumb(still, results[1])
            facts["hashes"] = hashes_of(still)
        facts |= {"media_type": target.value, "duration_ms": round(seconds * 1000)}
    except InspectionError:
        raise
    except (MemoryError, av.MemoryError):
        raise MemoryError from None
    except _ERRORS:
        raise InspectionError(InspectionFault.BROKEN) from None
    return facts | {"kind": kind.value}


def _open(source: BinaryIO, media_type: MediaType) -> InputContainer:
    """Open the file with the one reader that fits; no other file or address can be asked for by it."""
    return av.open(
        f"/dev/fd/{source.fileno()}",
        format="mp3" if media_type is MediaType.MP3 else "mov",
        metadata_errors="ignore",
        container_options={
            "protocol_whitelist": "file",
            "codec_whitelist": _DECODERS,
            "fflags": "+discardcorrupt",
            "threads": "1",
        },
    )


def _streams(original: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """Return the first film and the first sound of a coding that is taken; raises unknown_coding."""
    films = [one for one in original.streams.video if not _is_cover(one)]
    sounds = list(original.streams.audio)
    film = next((one for one in films if _coding(one) in _VIDEO), None)
    sound = next((one for one in sounds if _coding(one) in _AUDIO | _RECODED), None)
    if (films and film is None) or (film is None and sound is None):
        raise InspectionError(InspectionFault.UNKNOWN_CODING if films or sounds else InspectionFault.BROKEN)
    return film, sound


def _is_cover(stream: VideoStream) -> bool:
    """Say whether a stream is a single picture that belongs to the description."""
    return bool(stream.disposition & Disposition.attached_pic)


def _coding(stream: VideoStream | AudioStream) -> str:
    """Return the name of a stream's coding, whatever its decoder is called; empty without a decoder."""
    try:
        name = stream.codec_context.name
    except AttributeError:  # there is none
        return ""
    return _CODING_OF.get(name, name)


def _check_claims(original: InputContainer, video: VideoStream | None, source: BinaryIO) -> None:
    """Refuse what says itself that it is too long or too large."""
    if video is None and source.seek(0, 2) > MediaType.M4A.max_bytes:
        raise InspectionError(InspectionFault.TOO_LARGE)
    if (original.duration or 0) / av.time_base > _limit(video is not None):
        raise InspectionError(InspectionFault.TOO_LONG)
    if video is not None:
        check_pixels(video.width, video.height)


def _limit(is_film: bool) -> float:
    return MAX_VIDEO_SECONDS if is_film else MAX_AUDIO_SECONDS


def _target(media_type: MediaType, *, is_film: bool) -> MediaType:
    """Return the type of the clean copy: film in MP4, sound as it came."""
    if is_film:
        return MediaType.MP4
    return MediaType.MP3 if media_type is MediaType.MP3 else MediaType.M4A


def _still(source: BinaryIO, media_type: MediaType) -> Image.Image:
    """Decode a picture near the beginning of a film and set it upright; raises broken if there is none."""
    with _open(source, media_type) as original:
        stream, _ = _streams(original)
        assert stream is not None  # noqa: S101 - the caller looked
        stream.thread_count = 1
        chosen = None
        for number, frame in enumerate(original.decode(stream)):
            check_pixels(frame.width, frame.height)
            chosen = frame
            if number >= _STILL_FRAMES or (frame.time or 0) >= _STILL_SECONDS:
                break
        if chosen is None:
            raise InspectionError(InspectionFault.BROKEN)
        picture: Image.Image = chosen.to_image()  # type: ignore[no-untyped-call]
        return picture.rotate(chosen.rotation, expand=True) if chosen.rotation else picture


def _hear(source: BinaryIO, media_type: MediaType) -> None:
    """Decode the beginning of a recording; raises broken if nothing comes out."""
    with _open(source, media_type) as original:
        _, stream = _streams(original)
        assert stream is not None  # noqa: S101 - the caller looked
        if next(original.decode(stream), None) is None:
            raise InspectionError(InspectionFault.BROKEN)


def _remux(source: BinaryIO, media_type: MediaType, result: BinaryIO, target: MediaType) -> float:
    """Copy the streams into a bare container and return its length in seconds."""
    with _open(source, media_type) as original, _container(result, target) as bare:
        video, audio = _streams(original)
        length = _Length(_limit(video is not None))
        passes: dict[int, _Copy | _Recode] = {}
        if video is not None:
            passes[video.index] = _Copy(video, bare, _VIDEO[_coding(video)])
        if audio is not None:
            is_kept = _coding(audio) in _AUDIO
            passes[audio.index] = _Copy(audio, bare, "") if is_kept else _Recode(audio, bare)
        for packet in original.demux([one for one in (video, audio) if one is not None]):
            if packet.size:
                length.add(packet)
                straight = length.straighten(packet)
                if straight is not None:
                    passes[packet.stream_index].take(straight)
        for one in passes.values():
            one.end()
    if not length.seconds:
        raise InspectionError(InspectionFault.BROKEN)
    return length.seconds


def _container(result: BinaryIO, target: MediaType) -> OutputContainer:
    """Return a container without dates, names and programs; its index stands in front."""
    options = (
        {"write_xing": "0", "id3v2_version": "0", "write_id3v1": "0"}
        if target is MediaType.MP3
        else {"movflags": "+faststart", "write_tmcd": "0", "empty_hdlr_name": "1"}
    )
    format_ = {MediaType.MP4: "mp4", MediaType.M4A: "ipod", MediaType.MP3: "mp3"}[target]
    # By its place and not as an open file: the index is moved in front by opening it a second time.
    return av.open(
        f"/dev/fd/{result.fileno()}",
        "w",
        format=format_,
        container_options={"fflags": "+bitexact", **options},
    )


def _bare_frame(packet: Packet[Any]) -> Packet[Any] | None:
    """Return an MP3 packet without what hangs on its frame; nothing if it is no frame.

    Readers take tags, lyrics and whatever else stands between or behind frames for a part of them.
    """
    content = bytes(packet)
    length = mp3_frame_bytes(content[:4])
    if not length or length > len(content):
        return None
    if length == len(content):
        return packet
    bare: Packet[Any] = Packet(content[:length])
    bare.pts, bare.dts, bare.duration = packet.pts, packet.dts, packet.duration
    bare.time_base = packet.time_base
    return bare


class _Copy:
    """A stream that is copied packet by packet."""

    def __init__(self, stream: VideoStream | AudioStream, bare: OutputContainer, filter_: str) -> None:
        self._bare = bare
        self._out = bare.add_stream_from_template(stream)
        self._out.metadata.clear()
        self._filter = BitStreamFilterContext(filter_, stream, self._out) if filter_ else None
        self._is_mp3 = _coding(stream) == "mp3"

    def take(self, packet: Packet[Any]) -> None:
        """Copy one packet without what hangs on it."""
        bare = _bare_frame(packet) if self._is_mp3 else packet
        if bare is not None:
            for clean in self._filter.filter(bare) if self._filter else [bare]:
                self._write(clean)

    def end(self) -> None:
        """Copy what the filter still holds."""
        for clean in self._filter.filter(None) if self._filter else []:
            self._write(clean)

    def _write(self, packet: Packet[Any]) -> None:
        packet.stream = self._out
        self._bare.mux(packet)


class _Recode:
    """A sound stream that becomes AAC."""

    def __init__(self, stream: AudioStream, bare: OutputContainer) -> None:
        self._bare = bare
        self._stream = stream
        rate = stream.rate if stream.rate in {8000, 16000, 22050, 32000, 44100, 48000} else 44100
        self._out = bare.add_stream("aac", rate=rate)
        self._out.bit_rate = _AUDIO_RATE
        self._out.layout = "mono" if stream.channels == 1 else "stereo"
        self._resampler = AudioResampler(format="fltp", layout=self._out.layout, rate=rate)

    def take(self, packet: Packet[Any]) -> None:
        """Decode, resample and encode one packet."""
        for frame in self._stream.decode(packet):
            self._encode(frame)

    def end(self) -> None:
        """Encode what is still held back."""
        self._encode(None)
        self._bare.mux(self._out.encode(None))

    def _encode(self, frame: av.AudioFrame | None) -> None:
        for part in self._resampler.resample(frame):
            self._bare.mux(self._out.encode(part))


def main() -> None:
    """Answer for one film or recording."""
    av.logging.set_level(None)
    confinement.answer(
        frozenset(kind for kind in MediaType if kind.kind in {Kind.VIDEO, Kind.AUDIO}), work, Kind.VIDEO
    )


if __name__ == "__main__":
    main()
