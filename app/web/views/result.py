"""The finished speech: a player, and how it was made."""

import json
from dataclasses import asdict
from html import escape

from ...engines.interface import EngineInfo
from ...outputs.history import Output
from ...speech import Speech
from ..words import both
from . import icons
from .output_facts import peaks_of, voice_name
from .player import player_html
from .read_along import read_along_html
from .sharing import sharing_html

_HEADING = f'<h2 class="unseen">{both("result")}</h2>'


def result_html(output: Output, speech: Speech, engine: EngineInfo) -> str:
    """The output with the facts a user compares: node, seed, voice, length, time taken."""
    record = output.record
    source = f"outputs/{output.file_name}"
    facts = (
        ("node", f'<strong class="node">{escape(record.node)}</strong>'),
        ("voice", voice_name(record.voice, engine)),
        ("seed", f'<span class="seed">{record.seed}</span>'),
        ("duration", f"{record.duration:.1f} {both('seconds')}"),
        ("took", f"{speech.seconds_taken:.2f} {both('seconds')}"),
    )
    spoken = read_along_html(record.text, speech.words, speech.sample_rate, source)
    told = "".join(f"<div><dt>{both(name)}</dt><dd>{value}</dd></div>" for name, value in facts)
    return (
        f'{_HEADING}<div data-source="{source}" data-record="{escape(json.dumps(asdict(record)))}">'
        f'<div class="made">{player_html(source, record.duration, peaks_of(speech.pcm))}'
        f'<a class="download" href="{source}?download=1" download="{output.file_name}">'
        f"{icons.DOWNLOAD}<span>{both('download')}</span></a></div>"
        f'{spoken}<dl class="facts">{told}</dl>{sharing_html()}</div>'
    )
