"""Dialects, styles and languages as chips that write an instruction."""

from collections.abc import Sequence
from html import escape

from app.engines.interface import Choice, EngineInfo
from app.web.words import both, said


def chips_html(engine: EngineInfo) -> str:
    """A row of chips for each kind the engine knows; empty where it knows none.

    A dialect's and a style's ``id`` is what the engine is told. A language has none of its own, so
    it is asked for in the same words as a dialect.
    """
    asked = [
        Choice(f"请用{choice.name_zh}表达。", choice.name_zh, choice.name_en)
        for choice in engine.languages
    ]
    rows = (("dialects", engine.dialects), ("styles", engine.styles), ("languages", asked))
    return "".join(_row(name, choices) for name, choices in rows if choices)


def languages_html(engine: EngineInfo) -> str:
    """The languages a cloned voice can speak, as a sentence."""
    if not engine.languages:
        return ""
    zh = "、".join(choice.name_zh for choice in engine.languages)
    en = ", ".join(choice.name_en for choice in engine.languages)
    return f'<p class="hint">{both("speaks")} {said(zh, en)}</p>'


def _row(name: str, choices: Sequence[Choice]) -> str:
    chips = "".join(
        f'<button type="button" class="chip" aria-pressed="false" data-words="{escape(choice.id)}">'
        f"{said(choice.name_zh, choice.name_en)}</button>"
        for choice in choices
    )
    return (
        f'<div class="chips" role="group" aria-labelledby="chips-{name}">'
        f'<span id="chips-{name}" class="chips-name">{both(name)}</span>{chips}</div>'
    )
