"""Result of the check of a recording, with the recording itself to listen to."""

from html import escape
from urllib.parse import quote

from ...audio.clip import PreparedClip
from ...errors import SpeechError
from ..words import both, said
from . import icons
from .player import player_html


def good_html(clip: PreparedClip) -> str:
    """Render a recording that can be used: its waveform, and what might be better."""
    report = clip.report
    notes = "".join(f"<li>{said(note.zh, note.en)}</li>" for note in report.warnings)
    icon, told = (icons.WARNING, "clip_note") if notes else (icons.GOOD, "clip_good")
    facts = f"{report.duration:.1f} s · {report.rate / 1000:g} kHz"
    # As high as it fits: it shows where somebody speaks, and the words below tell how loud.
    highest = max(report.waveform, default=0) or 1
    peaks = [peak / highest for peak in report.waveform]
    source = f"gradio_api/file={quote(str(clip.path))}"
    return (
        f'<div class="verdict {"fair" if notes else "good"}" data-digest="{clip.digest}">'
        f"{player_html(source, report.duration, peaks)}"
        f"<p>{icon}<span>{both(told)} · {escape(facts)}</span></p>"
        f"{f'<ul>{notes}</ul>' if notes else ''}"
        f'<div class="clip-uses">{_save()}{_remove()}</div></div>'
    )


def bad_html(error: SpeechError) -> str:
    """Render a recording that cannot be used, and why."""
    return (
        f'<div class="verdict bad" role="alert"><p>{icons.WARNING}'
        f"<span><strong>{both('clip_bad')}</strong> {said(error.zh, error.en)}</span></p>"
        f"{_remove()}</div>"
    )


def _save() -> str:
    return (
        '<button type="button" class="clip-save" aria-haspopup="dialog">'
        f"{both('voice_save')}</button>"
    )


def _remove() -> str:
    return f'<button type="button" class="clip-remove">{both("remove")}</button>'
