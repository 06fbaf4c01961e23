"""Decode an uploaded recording of any common format, within bounds, trusting nothing in it.

A recording is read piece by piece, twice: first it is looked at as a whole and nothing is kept,
then the part that is wanted is. Ten minutes of silence are a small file and a lot of samples.

PyAV brings FFmpeg's libraries in its wheel: every container and codec a browser or a phone
records in, no program to install. A file that says itself that it is too long is refused at once;
one that says less is not believed: what is decoded is counted, and decoding ends at the bound.
Only formats that hold their sound themselves are opened, for a playlist (HLS, concat, DASH) would
make FFmpeg fetch what it names.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from app.audio.recording import Recording
from app.audio.refusals import broken, no_sound, too_long, too_low_rate
from app.audio.silence import Levels
from app.sound.samples import Samples

LONGEST = 600
"""Seconds that are decoded before a recording is refused."""
_MOST_SAMPLES = 1 << 25
"""Samples of a channel that are decoded: 600 s at 48 kHz, less at higher rates."""
_MOST_CHANNELS = 16
_FULL_SCALE = 0.999
# One packet in ten may be damaged, as in a recording of a bad connection.
_GOOD_FOR_EACH_BAD = 9

# FFmpeg guesses the length of these by their bit rate.
_GUESSED = frozenset({"mp3", "aac", "ac3", "eac3", "amr", "mpegts"})

_FORMATS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,asf,amr,"
    "avi,mpegts,ape,wv,tta"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


def survey(path: Path, lowest_rate: int, field: str) -> Recording:
    """Measure the first audio stream of a file.

    Raises ``InvalidInputError`` about ``field`` for a file that cannot be read, holds no sound, is
    damaged, longer than ``LONGEST`` seconds, or made with less than ``lowest_rate`` Hz.
    """
    rate = channels = count = clipped = heard = 0
    peak = 0.0
    levels: Levels | None = None
    with closing(_pieces(path, lowest_rate, field)) as pieces:
        for sound, rate in pieces:
            levels = levels or Levels(rate)
            channels = max(channels, len(sound))
            count += sound.shape[1]
            if sound.size:
                level = np.abs(sound)
                peak = max(peak, float(level.max()))
                clipped += int(np.count_nonzero(level >= _FULL_SCALE))
                heard += sound.size
            levels.add(sound.mean(axis=0))
    if levels is None or not heard:
        raise no_sound(field)
    return Recording(count, rate, channels, peak, clipped / heard, levels.all())


def excerpt(path: Path, start: int, end: int, field: str) -> Samples:
    """The samples from ``start`` up to ``end``, mixed to one channel, full scale is 1. Decodes no
    further. Raises ``InvalidInputError`` about ``field`` as ``survey`` does."""
    kept: list[Samples] = []
    count = 0
    with closing(_pieces(path, 0, field)) as pieces:
        for sound, _ in pieces:
            piece = sound[:, max(0, start - count) : max(0, end - count)]
            count += sound.shape[1]
            kept.append(piece.mean(axis=0))
            if count >= end:
                break
    return np.concatenate(kept)


def _pieces(
    path: Path, lowest_rate: int, field: str
) -> Generator[tuple[NDArray[np.float32], int], None, None]:
    """Channels × samples, and their rate."""
    try:
        # A file object, so that a name like "concat:…" or "http:…" means nothing to FFmpeg.
        with (
            path.open("rb") as file,
            av.open(file, "r", options=_OPTIONS, metadata_errors="replace") as container,
        ):
            if not container.streams.audio:
                raise no_sound(field)
            stream = container.streams.audio[0]
            if 0 < stream.rate < lowest_rate:
                raise too_low_rate(stream.rate, lowest_rate, field)
            if _told_length(container, stream) > LONGEST:
                raise too_long(LONGEST, field)
            yield from _checked(_frames(container, stream, field), lowest_rate, field)
    except (av.error.FFmpegError, OSError, EOFError, ValueError) as error:
        # PyAV's errors carry no text worth showing: "Invalid data found when processing input".
        raise broken(field) from error


def _told_length(container: InputContainer, stream: AudioStream) -> float:
    """Seconds, by the file's own word; 0 where it has none."""
    if container.format.name in _GUESSED:
        return 0.0
    whole = (container.duration or 0) / av.time_base
    of_stream = (stream.duration or 0) * (stream.time_base or 0)
    return max(whole, float(of_stream))


def _frames(container: InputContainer, stream: AudioStream, field: str) -> Iterator[AudioFrame]:
    good = bad = 0
    for packet in container.demux(stream):
        try:
            frames = stream.decode(packet)
        except av.error.InvalidDataError:
            bad += 1
            continue
        good += 1
        yield from frames
    if bad and good < _GOOD_FOR_EACH_BAD * bad:
        raise broken(field)


def _checked(
    frames: Iterator[AudioFrame], lowest_rate: int, field: str
) -> Iterator[tuple[NDArray[np.float32], int]]:
    rate = count = 0
    for frame in frames:
        sound = _float(frame)
        if rate == 0:
            rate = frame.sample_rate
            if rate < lowest_rate:
                raise too_low_rate(rate, lowest_rate, field)
        count += sound.shape[1]
        if count > min(LONGEST * rate, _MOST_SAMPLES):
            raise too_long(LONGEST, field)
        unlike = frame.sample_rate != rate or len(sound) > _MOST_CHANNELS
        if unlike or not np.isfinite(sound).all():
            raise broken(field)
        yield sound, rate


def _float(frame: AudioFrame) -> NDArray[np.float32]:
    """Channels × samples, full scale is 1."""
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, frame.layout.nb_channels).T
    sound: NDArray[np.float32] = array.astype(np.float32)
    if array.dtype == np.uint8:
        return (sound - np.float32(128)) / np.float32(128)
    if array.dtype.kind == "i":
        return sound / np.float32(1 << (8 * array.dtype.itemsize - 1))
    return sound
