"""Progress and errors of a request."""

from html import escape

from ...engines.interface import Mode
from ...errors import InvalidInputError, SpeechError
from ..words import both, said
from . import icons

_FIELDS = {
    "input": "text",
    "instructions": "instruction",
    "reference": "reference",
    "reference_text": "transcript",
    "seed": "seed",
    "source": "source",
    "speed": "speed",
    "voice": "voice",
}
"""Fields of a request (``InvalidInputError.field``), and those of the form."""


def progress_html(seconds_made: float) -> str:
    """The request is being worked on; this many seconds of sound are there."""
    so_far = both("made_so_far", f"{seconds_made:.1f}") if seconds_made else ""
    return (
        f'<p class="status working" data-step="working"><span class="spinner"></span>'
        f"<span>{both('working')} {so_far}</span></p>"
    )


def note_html(key: str) -> str:
    """Render a message that is not an error."""
    return f'<p class="status" data-step="{key}">{both(key)}</p>'


def trouble_html(error: SpeechError, mode: str = "") -> str:
    """Explain in the reader's language why there is no speech; stays until the next try. Where one
    field of the form in ``mode`` is wrong, ``scripts/mistakes.js`` moves it there."""
    if error.code == "reference_text_missing":
        # The page asks for the words of a recording before; these are those of a saved one.
        return _alert(both("need_transcript_saved"), error.code, "saved_voice")
    return _alert(said(error.zh, error.en), error.code, _field_of(error, mode))


def unexpected_html(request_id: str) -> str:
    """The node's own fault; the log has more under this id."""
    return _alert(f"{both('went_wrong')} <code>{escape(request_id)}</code>", "internal_error")


def _field_of(error: SpeechError, mode: str) -> str:
    """The field of the form that an error is about, one of ``FormValues``; or none."""
    field = error.field if isinstance(error, InvalidInputError) else None
    if field == "voice" and mode != Mode.PRESET:
        return "saved_voice"
    return _FIELDS.get(field or "", "")


def _alert(told: str, code: str, field: str = "") -> str:
    place = f' data-field="{field}"' if field else ""
    return (
        f'<div class="status trouble" role="alert" data-step="trouble" '
        f'data-code="{escape(code)}"{place}>'
        f"{icons.WARNING}"
        f'<p><span class="unseen">{both("error")} </span>{told}</p></div>'
    )
