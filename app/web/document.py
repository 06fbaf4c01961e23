"""The HTML document around the page, without what Gradio's own brings along.

Gradio's template has its own name and pictures from elsewhere in the preview for link sharing.
Gradio adds a ``head`` only when its scripts run, which is too late for the reader's language; it
puts a selector of its own before every rule of a style sheet, which breaks those that begin at
the root.
"""

import json
import logging
import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

from gradio import routes
from jinja2 import ChoiceLoader, DictLoader

from ..access.ownership import MINE, Rules
from ..engines.interface import Capability, EngineInfo
from ..session_routing import RECONNECT
from ..speech import FIRST_SEED, LAST_SEED
from .form_values import FormValues
from .modes import offered
from .theme import STYLES
from .words import WORDS

FAVICON = Path(__file__).with_name("favicon.svg")

_TEMPLATE = "frontend/index.html"
_SCRIPTS = Path(__file__).with_name("scripts")
# In the order they run.
_NAMES = (
    "start",
    "language",
    "form",
    "examples",
    "mistakes",
    "marks",
    "player",
    "live",
    "read_along",
    "requests",
    "sharing",
    "recordings",
    "clip",
    "voices",
    "save_voice",
    "progress",
    "history",
    "reconnecting",
)
_LEFTOVERS = re.compile(
    r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>|<link rel="manifest"[^>]*>'
)
_CORE = re.compile(r"core-.*\.js")
_log = logging.getLogger("app.page")


def install(engine: EngineInfo, text_limit: int, rules: Rules, *, keyed: bool) -> None:
    """Serve the page in a document of its own. For the whole process. ``keyed``: programs need an
    API key."""
    environment = routes.templates.env
    loader = environment.loader
    assert loader is not None
    original, _, _ = loader.get_source(environment, _TEMPLATE)
    head = _head(engine, text_limit, rules, keyed)
    # A function, because a replacement's backslashes would be read as references.
    document = _LEFTOVERS.sub("", original).replace("<head>", f"<head>{head}", 1)
    environment.loader = ChoiceLoader([DictLoader({_TEMPLATE: document}), loader])
    if environment.cache is not None:
        environment.cache.clear()


def locale_module() -> str:
    """The part of Gradio's page that can change its language, as a relative address.

    It is meant for Gradio's own settings panel; without it the language changes by a reload.
    """
    folder = files("gradio") / "templates" / "frontend" / "assets"
    for file in folder.iterdir():
        if _CORE.fullmatch(file.name) and "as changeLocale" in file.read_text(encoding="utf-8"):
            return f"./assets/{file.name}"
    _log.warning("this Gradio has no changeLocale: the page changes its language by a reload")
    return ""


def _head(engine: EngineInfo, text_limit: int, rules: Rules, keyed: bool) -> str:
    facts = {
        "words": WORDS,
        "localeModule": locale_module(),
        "textLimit": text_limit,
        "seeds": [FIRST_SEED, LAST_SEED],
        "seeded": Capability.SEED in engine.capabilities,
        "keyed": keyed,
        # Without keys a voice may be one browser's.
        "owned": not keyed and rules.history == MINE,
        "sharedVoices": sorted(rules.shared_voices),
        "firstMode": offered(engine)[0].value,
        "fields": [field.name for field in fields(FormValues)],
    }
    # In a script a tag could end it, and in the template braces are Jinja's.
    told = json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
    sources = [(_SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in _NAMES]
    script = "\n".join([f"window.studio = {told};", *sources, RECONNECT])
    description = " · ".join(WORDS["lede"])
    style = "\n".join(path.read_text(encoding="utf-8") for path in STYLES)
    return (
        f'<meta name="description" content="{description}">'
        '<meta name="color-scheme" content="light dark">'
        f"{{% raw %}}<style>{style}</style><script>{script}</script>{{% endraw %}}"
    )
