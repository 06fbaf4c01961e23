"""The line at the end of the page: which node served it, and what runs there. Pure."""

from html import escape

from app import __version__
from app.engines.interface import EngineInfo
from app.settings import Settings
from app.web import labels


def footer_html(settings: Settings, engine: EngineInfo) -> str:
    """Node, engine, version and release."""
    return (
        f'{labels.NODE} <strong class="node">{escape(settings.node_name)}</strong>'
        f" · {labels.ENGINE} {escape(engine.title)}"
        f" · {labels.RELEASE} {escape(settings.release)} ({__version__})"
    )
