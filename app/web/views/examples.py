"""Sentences to begin with, where no text has been written yet."""

from html import escape

from ...engines.interface import EngineInfo
from ...voices.openai_names import primary
from ..words import CHINESE, ENGLISH, both

_SENTENCES = {
    CHINESE: (
        "你好，很高兴认识你！",
        "今天下午三点开会，请大家准时到二楼会议室。",
        "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    ),
    ENGLISH: (
        "Hello! It is a pleasure to meet you.",
        "The next train leaves from platform three.",
        "She sells seashells by the seashore.",
    ),
}


def examples_html(engine: EngineInfo) -> str:
    """Three sentences in the reader's language, as buttons; ``scripts/examples.js`` writes them.

    Each names the voice that reads it, where the engine has one of its language.
    """
    rows = "".join(_row(tag, sentences, engine) for tag, sentences in _SENTENCES.items())
    return (
        '<div class="chips" role="group" aria-labelledby="chips-examples">'
        f'<span id="chips-examples" class="chips-name">{both("examples")}</span>{rows}</div>'
    )


def _row(tag: str, sentences: tuple[str, ...], engine: EngineInfo) -> str:
    spoken = [voice for voice in engine.voices if primary(voice.language) == primary(tag)]
    voices = " ".join(voice.id for voice in spoken)
    return "".join(
        f'<button type="button" class="chip example t" lang="{tag}" '
        f'data-voices="{escape(voices)}">{escape(sentence)}</button>'
        for sentence in sentences
    )
