"""The outputs of all nodes as a list with players and what can be done with each."""

import json
from dataclasses import asdict
from html import escape
from typing import Any

from ...access.ownership import Caller
from ...engines.interface import EngineInfo
from ...errors import SpeechError
from ...outputs.history import Found, Output
from ...outputs.names import moment_of
from ...outputs.record import OutputRecord
from ..words import WORDS, both, said
from . import icons
from .output_facts import voice_name
from .player import player_html
from .sharing import sharing_html

MOST_SHOWN = 500
"""Outputs in the longest list: they are drawn anew with each further one."""
# What the facts under a text say already, and what only programs want.
_LEFT_OUT = frozenset({"text", "created", "duration"})


def history_html(found: Found, engine: EngineInfo, query: str, caller: Caller) -> str:
    """A list item for each output, and how to continue. Texts come from anyone and are escaped.

    What ``caller`` may not delete has no button for it.
    """
    items = "".join(_item(output, engine, caller) for output in found.outputs)
    if found.unfinished:
        listed = f'<ol class="outputs">{items}</ol>' if items else ""
        return f"{listed}{_searched(found)}{_more('go_on', found)}"
    if not items:
        return f'<p class="empty">{both("no_match" if query else "no_history")}</p>'
    return f'<ol class="outputs">{items}</ol>{_older(found) if found.older else ""}'


def no_history_html(error: SpeechError) -> str:
    """Explain why there is no history to show."""
    return f'<p class="empty trouble" role="alert">{said(error.zh, error.en)}</p>'


def _searched(found: Found) -> str:
    """Describe how far a search has got that is not at its end."""
    told = both("searched_to", _moment(found.older))
    if found.outputs:
        return f'<p class="searched" role="status">{told}</p>'
    return f'<p class="empty" role="status">{both("none_so_far")} {told}</p>'


def _moment(stem: str) -> str:
    try:
        return f"{moment_of(stem).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        # Anybody can give a file a name with digits that are not a date.
        return stem.partition("-")[0]


def _older(found: Found) -> str:
    if len(found.outputs) < MOST_SHOWN:
        return _more("more", found)
    return f'<p class="searched">{both("most_shown", MOST_SHOWN)}</p>'


def _more(word: str, found: Found) -> str:
    """The button that asks for what is older."""
    return (
        f'<button type="button" class="more" data-count="{len(found.outputs)}">'
        f"{both(word)}</button>"
    )


def _item(output: Output, engine: EngineInfo, caller: Caller) -> str:
    record = output.record
    created = record.created_at.astimezone()
    # Relative, so that it stays right under whatever prefix the page is served.
    source = f"outputs/{output.file_name}"
    facts = [
        f'<time datetime="{escape(record.created)}">{created:%m-%d %H:%M:%S}</time>',
        f'<span class="node">{escape(record.node)}</span>',
        f"<span>{voice_name(record.voice, engine)}</span>",
        f"<span>{both('seed')} {record.seed}</span>",
    ]
    if record.mode != "preset" and record.mode in WORDS:
        facts.insert(2, f'<span class="tag">{both(record.mode)}</span>')
    if record.speed != 1.0:
        facts.append(f"<span>×{record.speed:g}</span>")
    text = escape(record.text) or both("convert")
    delete = _button("delete", icons.DELETE) if caller.deletes(record.owner) else ""
    return (
        f'<li data-stem="{output.stem}" data-source="{source}" '
        f'data-record="{escape(json.dumps(_told(record)))}">'
        f'<p class="said">{text}</p><div class="facts">{"".join(facts)}</div>'
        f'<div class="tools">{player_html(source, record.duration)}'
        f'<a class="round" href="{source}?download=1" download="{output.file_name}">'
        f'{icons.DOWNLOAD}<span class="unseen">{both("download")}</span></a>'
        f"{_button('again', icons.AGAIN)}{delete}</div>"
        f"{_parameters(output)}</li>"
    )


def _told(record: OutputRecord) -> dict[str, Any]:
    """All of a record but whose it is: that is nobody else's business."""
    return {name: value for name, value in asdict(record).items() if name != "owner"}


def _button(name: str, icon: str) -> str:
    return (
        f'<button type="button" class="round {name}">{icon}'
        f'<span class="unseen">{both(name)}</span></button>'
    )


def _parameters(output: Output) -> str:
    rows = "".join(
        f"<div><dt>{_parameter(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in _told(output.record).items()
        if name not in _LEFT_OUT and value not in ("", None)
    )
    return f"<details><summary>{both('details')}</summary><dl>{rows}</dl>{sharing_html()}</details>"


def _parameter(name: str) -> str:
    return both(name) if name in WORDS else f"<code>{escape(name)}</code>"


def dialog_html() -> str:
    """The question before an output is deleted; ``scripts/history.js`` opens it."""
    return (
        '<dialog id="delete-dialog" aria-labelledby="delete-question"><form method="dialog">'
        f'<p id="delete-question">{both("delete_question")}</p><p class="said"></p>'
        f'<div class="choices"><button value="no">{both("delete_no")}</button>'
        f'<button value="yes" class="danger">{both("delete")}</button></div></form></dialog>'
    )
