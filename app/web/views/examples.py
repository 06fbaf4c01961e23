"""Sentences to begin with, where no text has been written yet."""

import json
from html import escape

from ...engines.interface import EngineInfo
from ...voices.openai_names import primary
from ..words import CHINESE, ENGLISH, both, said

_SENTENCES = (
    ("你好，很高兴认识你！", "Hello! It is a pleasure to meet you."),
    ("今天下午三点开会，请大家准时到二楼会议室。", "The next train leaves from platform three."),
    ("春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。", "She sells seashells by the seashore."),
)


def examples_html(engine: EngineInfo) -> str:
    """Three sentences in the reader's language, as buttons; ``scripts/examples.js`` writes them.

    With them are the voices that read each language.
    """
    buttons = "".join(
        f'<button type="button" class="example">{said(zh, en)}</button>' for zh, en in _SENTENCES
    )
    readers = {tag: _readers(engine, tag) for tag in (CHINESE, ENGLISH)}
    return (
        f'<div class="chips" role="group" aria-labelledby="chips-examples" '
        f'data-readers="{escape(json.dumps(readers))}">'
        f'<span id="chips-examples" class="chips-name">{both("examples")}</span>{buttons}</div>'
    )


def _readers(engine: EngineInfo, tag: str) -> list[str]:
    return [voice.id for voice in engine.voices if primary(voice.language) == primary(tag)]
