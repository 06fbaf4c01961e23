"""Fixed parts of the page: heading, footer, the line under the text, the note while it plays."""

from html import escape

from ... import __version__
from ...access.ownership import ALL, Rules
from ...engines.interface import Capability, EngineInfo
from ...settings import Settings
from ..words import CHINESE, ENGLISH, WORDS, both, said
from . import icons

LIVE = (
    f'<div class="live-note"><span class="levels"><i></i><i></i><i></i></span>'
    f'<span>{both("live")}</span><button type="button" id="mute">{both("mute")}</button></div>'
)
"""A template without the value, which is sound (see ``scripts/live.js``)."""


def heading_html() -> str:
    """Name, purpose and the two languages, each named in itself."""
    languages = "".join(
        f'<button type="button" data-language="{tag}" lang="{tag}">{name}</button>'
        for tag, name in ((CHINESE, "中文"), (ENGLISH, "English"))
    )
    return (
        f'<div class="banner"><span class="brand">{icons.BRAND}</span>'
        f"<div><h1>{both('title')}</h1><p>{both('lede')}</p></div>"
        f'<div class="languages" role="group"><span class="unseen">{both("language")}</span>'
        f"{languages}</div></div>"
    )


def counter_html(engine: EngineInfo, limit: int) -> str:
    """Length and limit, kept up to date by ``scripts/form.js``."""
    examples = [
        example
        for capability, example in (
            (Capability.PINYIN, "[h][ào]"),
            (Capability.PHONEMES, "[M][AY0]"),
        )
        if capability in engine.capabilities
    ]
    shown = "".join(f"<code>{example}</code>" for example in examples)
    hint = f"<span>{both('marks_hint')} {shown}</span>" if examples else ""
    return (
        f'<div class="under"><span class="keys">{both("text_info")}</span>{hint}'
        f'<span class="count"><output>0</output> / {limit} {both("characters")}'
        f'<span class="late-note"> · {both("too_long")}</span></span></div>'
    )


def who_sees_html(rules: Rules, *, keys: bool) -> str:
    """The line on who sees and deletes what is made here; ``keys``: people log in with API keys."""
    if rules.history == ALL:
        told = ["seen_by_all", "deleted_by_all" if rules.deletion == ALL else "deleted_by_owner"]
    else:
        told = ["seen_by_key" if keys else "seen_by_browser"]
    if rules.admin_keys:
        told.append("seen_by_admins")
    return f'<p class="hint">{" ".join(both(one) for one in told)}</p>'


def more_html(engine: EngineInfo) -> str:
    """The button that shows settings few people need, and their names."""
    named = ["format"]
    if Capability.SEED in engine.capabilities:
        named.insert(0, "seed")
    if Capability.STREAMING in engine.capabilities:
        named.append("playback")
    zh, en = ([WORDS[key][index] for key in named] for index in (0, 1))
    listed = said("、".join(zh), ", ".join(en).capitalize())
    return (
        '<button type="button" id="more-toggle" aria-expanded="false" aria-controls="more">'
        f'{icons.CHEVRON}<span>{both("more_settings")}</span><span class="hint">{listed}</span>'
        "</button>"
    )


def footer_html(settings: Settings, engine: EngineInfo, *, robot: bool = False) -> str:
    """Node, engine, version and release; with ``robot``, that better could speak here."""
    facts = (
        ("node", f'<strong class="node">{escape(settings.node_name)}</strong>'),
        ("engine", escape(engine.title) + (f" ({both('robot')})" if robot else "")),
        ("release", f"{escape(settings.release)} ({__version__})"),
    )
    told = "".join(f"<span>{both(name)} {value}</span>" for name, value in facts)
    return f'<div class="facts">{told}</div>'
