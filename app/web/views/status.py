"""Progress and errors of a request."""

from html import escape

from app.errors import SpeechError
from app.web.views import icons
from app.web.words import both, said


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


def trouble_html(error: SpeechError) -> str:
    """Explain in the reader's language why there is no speech; stays until the next try."""
    return _alert(said(error.zh, error.en), error.code)


def unexpected_html(request_id: str) -> str:
    """The node's own fault; the log has more under this id."""
    return _alert(f"{both('went_wrong')} <code>{escape(request_id)}</code>", "internal_error")


def _alert(told: str, code: str) -> str:
    return (
        f'<div class="status trouble" role="alert" data-step="trouble" data-code="{escape(code)}">'
        f"{icons.WARNING}"
        f'<p><span class="unseen">{both("error")} </span>{told}</p></div>'
    )
