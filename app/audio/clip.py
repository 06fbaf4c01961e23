"""Conversion of an uploaded file to a clip an engine can use, or a clear refusal."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.audio.decoding import excerpt, survey
from app.audio.fades import faded
from app.audio.level import levelled
from app.audio.refusals import silent, too_short
from app.audio.report import ClipReport, warnings_about
from app.audio.resampling import resampled
from app.audio.silence import speech_span
from app.audio.waveform import peaks
from app.sound.clip import Clip, ClipLimits
from app.sound.pcm import pcm16
from app.sound.wav import wav

_FADE = 0.01
_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class PreparedClip:
    """A clip on disk and what was found in the recording it comes from."""

    path: Path
    """Mono 16-bit WAV under a name of its own. Whoever asked for it removes it."""
    digest: str
    """SHA-256 of the file, hexadecimal: the same recording always gives the same."""
    report: ClipReport

    def clip(self, transcript: str = "") -> Clip:
        """Build the clip that a ``SynthesisRequest`` takes."""
        return Clip(self.path, self.digest, transcript)


def read_clip(
    path: Path, limits: ClipLimits, *, folder: Path | None = None, field: str = "reference"
) -> PreparedClip:
    """Check a recording and make a clip of it, in ``folder`` (its own folder by default).

    Silence around the speech is removed, what is beyond ``limits.longest`` is cut with a warning,
    channels are mixed, the level is that of ordinary speech. Blocks; call it in a thread.

    Raises ``InvalidInputError`` about ``field``, OSError when ``folder`` cannot be written,
    ImportError without torch and torchaudio.
    """
    recording = survey(path, limits.lowest_rate, field)
    if recording.duration < limits.shortest:
        raise too_short(recording.duration, limits.shortest, field)
    span = speech_span(recording)
    if span is None:
        raise silent(field)
    start, end = span
    if (end - start) / recording.rate < limits.shortest:
        raise too_short((end - start) / recording.rate, limits.shortest, field)
    cut = end - start > limits.longest * recording.rate
    end = min(end, start + int(limits.longest * recording.rate))
    heard = excerpt(path, start, end, field)
    speech = resampled(heard, recording.rate, limits.sample_rate)
    # The last sample of a resampled sound may round up to one more than the engine takes.
    speech = speech[: int(limits.longest * limits.sample_rate)]
    speech = faded(levelled(speech, limits.sample_rate), limits.sample_rate, _FADE)
    duration = len(speech) / limits.sample_rate
    report = ClipReport(
        duration=round(duration, 3),
        recorded=round(recording.duration, 3),
        rate=recording.rate,
        channels=recording.channels,
        peak=round(recording.peak, 4),
        clipping=recording.clipping,
        waveform=peaks(speech, _COLUMNS),
        warnings=warnings_about(recording, duration, limits, cut=cut),
    )
    data = wav(pcm16(speech), limits.sample_rate)
    digest = hashlib.sha256(data).hexdigest()
    return PreparedClip(_kept(data, digest, folder or path.parent), digest, report)


def _kept(data: bytes, digest: str, folder: Path) -> Path:
    # Never shared by two requests, one of which would remove it under the other.
    path = folder / f"clip-{digest[:16]}-{secrets.token_hex(4)}.wav"
    path.write_bytes(data)
    return path
