"""A player: one button, a position, a time. ``scripts/player.js`` brings it to life."""

from collections.abc import Sequence
from html import escape

from ..words import both
from . import icons


def player_html(source: str, seconds: float, peaks: Sequence[float] = ()) -> str:
    """A player for ``source``, a relative address, so that it stays right under any prefix."""
    return (
        f'<div class="player" data-source="{escape(source)}" data-seconds="{seconds:.3f}" '
        f'data-clock="{clock(seconds)}">'
        f'<button type="button" class="play round" aria-pressed="false">{icons.PLAY}{icons.PAUSE}'
        f'<span class="unseen">{both("play")}</span></button>'
        f'<label class="track">{_waveform(peaks)}<span class="unseen">{both("position")}</span>'
        f'<input type="range" min="0" max="{seconds:.2f}" step="0.05" value="0"></label>'
        f'<span class="time">{clock(seconds)}</span>'
        f'<button type="button" class="rate"><span class="unseen">{both("rate")} </span>'
        "<span>1×</span></button></div>"
    )


def clock(seconds: float) -> str:
    """Minutes and seconds, e.g. ``0:07``; under ten seconds with a tenth, e.g. ``3.2``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def waveform_svg(peaks: Sequence[float]) -> str:
    """Peaks from 0 to 1 as bars, symmetrical about the middle."""
    bars = "".join(
        f"M{index * 3 + 1.5} {20 - height:.1f}v{2 * height:.1f}"
        for index, peak in enumerate(peaks)
        for height in [max(0.6, 19 * min(1.0, peak))]
    )
    return (
        f'<svg class="waveform" viewBox="0 0 {3 * len(peaks)} 40" preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><path d="{bars}"/></svg>'
    )


def _waveform(peaks: Sequence[float]) -> str:
    # Twice: what has been played lies over the whole and is cut off at the position.
    return f"{waveform_svg(peaks)}{waveform_svg(peaks)}" if peaks else '<span class="bar"></span>'
