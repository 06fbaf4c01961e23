"""Pronunciation written into a text: only where the engine reads it, and only as it reads it."""

from app.annotations import Kind, check, parse
from app.engines.interface import Capability, EngineInfo
from app.errors import InvalidInputError

_READ_BY = {
    Kind.PINYIN: (Capability.PINYIN, "pinyin", "拼音"),
    Kind.PHONEME: (Capability.PHONEMES, "phoneme", "音素"),
}


def check_annotations(text: str, engine: EngineInfo) -> None:
    """Refuse marks the engine would read aloud. Raises ``InvalidInputError``."""
    if not {Capability.PINYIN, Capability.PHONEMES} & engine.capabilities:
        _check_none(text, engine)
        return
    if problems := check(text):
        first = problems[0]
        instead = f"; did you mean {first.suggestion}?" if first.suggestion else ""
        instead_zh = f"，是否应为 {first.suggestion}？" if first.suggestion else ""
        raise InvalidInputError(
            "annotation_wrong",
            f"character {first.start + 1}: {first.en}{instead}",
            f"第 {first.start + 1} 个字符：{first.zh}{instead_zh}",
            field="input",
        )
    _check_none(text, engine)


def _check_none(text: str, engine: EngineInfo) -> None:
    for segment in parse(text):
        if segment.kind not in _READ_BY:
            continue
        capability, name_en, name_zh = _READ_BY[segment.kind]
        if capability not in engine.capabilities:
            raise InvalidInputError(
                "annotation_not_supported",
                f"character {segment.start + 1}: the engine {engine.name} reads no {name_en} "
                f"annotations like {segment.text}",
                f"第 {segment.start + 1} 个字符：引擎 {engine.name} 不支持{name_zh}标注"
                f"（{segment.text}）",
                field="input",
            )
