"""The history as HTML. Pure."""

from html import escape

from app.engines.interface import EngineInfo
from app.outputs.history import Output
from app.web import labels

# Drawn, because few fonts have a download sign.
_ARROW = (
    '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    '<path d="M8 2v8.5M4.5 7.5 8 11l3.5-3.5M2.5 14h11"/></svg>'
)


def history_html(outputs: list[Output], engine: EngineInfo) -> str:
    """A list with a player for each output; texts are escaped, they come from anyone."""
    if not outputs:
        return f'<p class="empty">{escape(labels.NO_HISTORY)}</p>'
    return f'<ol class="outputs">{"".join(_item(output, engine) for output in outputs)}</ol>'


def trouble_html(zh: str, en: str) -> str:
    """Why there is no history to show."""
    return f'<p class="trouble" role="alert">{escape(zh)}<br>{escape(en)}</p>'


def _item(output: Output, engine: EngineInfo) -> str:
    record = output.record
    created = record.created_at.astimezone()
    voice = engine.voice(record.voice)
    # Outputs of another engine or release have voices this one may not know.
    spoken_by = f"{voice.name_zh} {voice.name_en}" if voice else record.voice
    # Relative, so that it stays right under whatever prefix the page is served.
    source = f"outputs/{output.file_name}"
    details = [
        f'<time datetime="{escape(record.created)}">{created:%m-%d %H:%M:%S}</time>',
        f'<span class="node">{escape(record.node)}</span>',
        f"<span>{escape(spoken_by)}</span>",
        f"<span>{record.duration:.1f} s</span>",
        f"<span>seed {record.seed}</span>",
    ]
    if record.speed != 1.0:
        details.append(f"<span>×{record.speed:g}</span>")
    download = (
        f'<a href="{source}?download=1" download="{output.file_name}" '
        f'aria-label="{labels.DOWNLOAD}" title="{labels.DOWNLOAD}">{_ARROW}</a>'
    )
    return (
        f"<li><p>{escape(record.text)}</p>"
        f'<div class="details">{"".join(details)}</div>'
        f'<div class="player"><audio controls preload="none" src="{source}"></audio>'
        f"{download}</div>"
        "</li>"
    )
