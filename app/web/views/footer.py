"""The line at the end of the page: which node served it, and what runs there."""

from html import escape

from app import __version__
from app.engines.interface import EngineInfo
from app.settings import Settings
from app.web.words import both


def footer_html(settings: Settings, engine: EngineInfo) -> str:
    """Node, engine, version and release."""
    facts = (
        ("node", f'<strong class="node">{escape(settings.node_name)}</strong>'),
        ("engine", escape(engine.title)),
        ("release", f"{escape(settings.release)} ({__version__})"),
    )
    told = "".join(f"<span>{both(name)} {value}</span>" for name, value in facts)
    return f'<div class="facts">{told}</div>'
