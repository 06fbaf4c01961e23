"""The dialogs about voices. ``scripts/voices.js`` and ``scripts/save_voice.js`` fill them in."""

from html import escape

from ...engines.interface import EngineInfo
from ..words import both
from . import icons


def browse_html() -> str:
    """The button that opens the list of voices."""
    return (
        f'<button type="button" id="browse-voices" aria-haspopup="dialog">{icons.PLAY}'
        f"<span>{both('browse_voices')}</span></button>"
    )


def voices_html() -> str:
    """The list of voices: searched, heard, chosen; saved ones are renamed and deleted here."""
    return (
        '<dialog id="voices-dialog" class="sheet" aria-labelledby="voices-title">'
        f'<div class="sheet-head"><h2 id="voices-title">{both("voices")}</h2>'
        f'<button type="button" class="round sheet-close">{icons.CLOSE}'
        f'<span class="unseen">{both("close")}</span></button></div>'
        f'<label class="sheet-search"><span class="unseen">{both("search")}</span>'
        '<input type="search" id="voices-search" autocomplete="off"></label>'
        '<p id="voices-note" class="hint" role="status"></p>'
        '<ul id="voices-list"></ul></dialog>'
    )


def save_html(engine: EngineInfo) -> str:
    """The question for a new voice's name; nothing where the engine takes no recordings."""
    if engine.clips is None:
        return ""
    named = "".join(
        f'<option value="{escape(choice.id)}" data-zh="{escape(choice.name_zh)}" '
        f'data-en="{escape(choice.name_en)}">{escape(choice.name_en)}</option>'
        for choice in engine.languages
    )
    language = (
        f'<label for="save-language">{both("voice_language")}</label>'
        f'<select id="save-language"><option value="" class="no-language"></option>{named}</select>'
        if named
        else ""
    )
    return (
        '<dialog id="save-dialog" class="sheet" aria-labelledby="save-title">'
        f'<form method="dialog" novalidate><h2 id="save-title">{both("voice_save")}</h2>'
        f'<p class="hint">{both("voice_save_hint")}</p>'
        f'<label for="save-name">{both("voice_name")}</label>'
        '<input id="save-name" maxlength="64" autocomplete="off" aria-describedby="save-note">'
        f'<label for="save-words">{both("voice_words")}</label>'
        '<textarea id="save-words" rows="2" maxlength="1000"></textarea>'
        f'{language}<p id="save-note" role="status"></p>'
        f'<div class="choices"><button type="button" class="sheet-close">{both("cancel")}</button>'
        f'<button type="submit" class="primary">{both("voice_save_now")}</button></div>'
        "</form></dialog>"
    )
