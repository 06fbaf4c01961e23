"""Decode an uploaded recording of any common format, within bounds, trusting nothing in it.

PyAV brings FFmpeg's libraries in its wheel: every container and codec a browser or a phone
records in, no program to install. A file's own word about its length is not believed: what is
decoded is counted, and decoding ends at the bound. Only formats that hold their sound themselves
are opened, for a playlist (HLS, concat, DASH) would make FFmpeg fetch what it names.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from app.audio.recording import Recording
from app.audio.refusals import broken, no_sound, too_long, too_low_rate

LONGEST = 600
"""Seconds that are decoded before a recording is refused."""
_MOST_SAMPLES = 1 << 25
"""Mono samples that are kept, 128 MiB: 600 s at 48 kHz, less at higher rates."""
_MOST_CHANNELS = 16
_FULL_SCALE = 0.999
# One packet in ten may be damaged, as in a recording of a bad connection.
_GOOD_FOR_EACH_BAD = 9

_FORMATS = (
    "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,asf,amr,"
    "avi,mpegts,ape,wv,tta"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


def decode(path: Path, lowest_rate: int, field: str) -> Recording:
    """The first audio stream of a file.

    Raises `InvalidInputError` about `field` for a file that cannot be read, holds no sound, is
    damaged, longer than `LONGEST` seconds, or made with less than `lowest_rate` Hz.
    """
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
            return _collect(_frames(container, stream, field), lowest_rate, field)
    except (av.error.FFmpegError, OSError, EOFError, ValueError) as error:
        # PyAV's errors carry no text worth showing: "Invalid data found when processing input".
        raise broken(field) from error


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


def _collect(frames: Iterator[AudioFrame], lowest_rate: int, field: str) -> Recording:
    kept: list[NDArray[np.float32]] = []
    rate = channels = count = clipped = heard = 0
    peak = 0.0
    for frame in frames:
        sound = _float(frame)
        if rate == 0:
            rate = frame.sample_rate
            if rate < lowest_rate:
                raise too_low_rate(rate, lowest_rate, field)
        channels = max(channels, len(sound))
        count += sound.shape[1]
        if count > min(LONGEST * rate, _MOST_SAMPLES):
            raise too_long(LONGEST, field)
        if frame.sample_rate != rate or channels > _MOST_CHANNELS or not np.isfinite(sound).all():
            raise broken(field)
        if sound.size:
            level = np.abs(sound)
            peak = max(peak, float(level.max()))
            clipped += int(np.count_nonzero(level >= _FULL_SCALE))
            heard += sound.size
        kept.append(sound.mean(axis=0))
    if not heard:
        raise no_sound(field)
    return Recording(np.concatenate(kept), rate, channels, peak, clipped / heard)


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
