"""Under the text: how long it is, and how to mark readings."""

from app.engines.interface import Capability, EngineInfo
from app.web.words import both


def counter_html(engine: EngineInfo, limit: int) -> str:
    """Length and limit, kept up to date by `scripts/form.js`."""
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
