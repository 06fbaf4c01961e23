"""Findings about a recording and changes made to it, for the person who uploaded it."""

from dataclasses import dataclass

from app.audio.recording import Recording
from app.sound.clip import ClipLimits

_CLIPPING = 0.001
"""Share of samples at full scale from which distortion is heard."""
_QUIET = 0.05
_GOOD_LENGTH = 3.0
"""Seconds from which a voice is caught well."""


@dataclass(frozen=True, slots=True)
class ClipWarning:
    """A flaw that makes a clone worse but not impossible. ``code`` is stable."""

    code: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class ClipReport:
    """A recording in numbers; ``duration`` is of the clip, the others are of what was uploaded."""

    duration: float
    """Seconds the engine gets."""
    recorded: float
    """Seconds that were uploaded."""
    rate: int
    """Hz."""
    channels: int
    peak: float
    """Greatest absolute sample, full scale is 1."""
    clipping: float
    """Share of samples at full scale, 0 to 1."""
    waveform: tuple[float, ...]
    """Peaks of the clip from its start to its end, 0 to 1."""
    warnings: tuple[ClipWarning, ...]


def warnings_about(
    recording: Recording, kept: float, limits: ClipLimits, *, cut: bool
) -> tuple[ClipWarning, ...]:
    """Warnings for the owner of a recording. ``kept`` is in seconds; ``cut``: it continued after
    them."""
    found = []
    if cut:
        found.append(
            ClipWarning(
                "clip_cut",
                f"only the first {limits.longest:g} s are used, and only the words spoken in them "
                "belong in the transcript",
                f"只使用前 {limits.longest:g} 秒，文字稿请只填写这一段的内容",
            )
        )
    if kept < _GOOD_LENGTH:
        found.append(
            ClipWarning(
                "clip_short",
                f"{kept:.1f} s is short; 3 to 10 s give a better likeness",
                f"有声部分只有 {kept:.1f} 秒，3 到 10 秒效果更好",
            )
        )
    if recording.clipping > _CLIPPING:
        found.append(
            ClipWarning(
                "clip_clipped",
                f"{recording.clipping:.1%} of the samples are clipped; the distortion will be "
                "heard in the new voice",
                f"{recording.clipping:.1%} 的采样已削波失真，合成的声音也会失真",
            )
        )
    if recording.peak < _QUIET:
        found.append(
            ClipWarning(
                "clip_quiet",
                "the recording is very quiet; its noise is amplified with it",
                "录音音量很低，放大后噪声也会变大",
            )
        )
    return tuple(found)
