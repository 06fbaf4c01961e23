"""The mode that a request means, and whether everything that mode needs, and nothing else, is
there."""

from app.engines.interface import EngineInfo, Mode
from app.errors import InvalidInputError
from app.speech_request import SpeechRequest

_NAMES = {
    Mode.PRESET: ("a voice of the engine", "预置声音"),
    Mode.CLONE: ("voice cloning", "声音克隆"),
    Mode.CROSS_LINGUAL: ("cross-lingual speech", "跨语种合成"),
    Mode.INSTRUCT: ("speech by instruction", "指令控制"),
    Mode.CONVERT: ("voice conversion", "声音转换"),
}
_PARTS = {
    "input": ("text", "文字"),
    "instructions": ("instruction", "指令"),
    "reference": ("reference recording", "参考音频"),
    "reference_text": ("transcript of the reference recording", "参考音频的文字内容"),
    "source": ("source recording", "待转换的音频"),
}
"""Optional parts of a request beside its voice, by the field they stand in."""


def mode_of(ask: SpeechRequest, engine: EngineInfo, *, clip: bool, transcript: bool) -> Mode:
    """The mode of an ask. ``clip``: its voice comes from a recording; ``transcript``: whose words
    are known. Raises ``InvalidInputError`` for what the engine or the mode does not take.
    """
    mode = ask.mode or _meant(ask, engine, clip, transcript)
    _check_engine(mode, ask, engine)
    _check_parts(mode, ask, clip, transcript)
    return mode


def _meant(ask: SpeechRequest, engine: EngineInfo, clip: bool, transcript: bool) -> Mode:
    if ask.source:
        return Mode.CONVERT
    if ask.instruction:
        return Mode.INSTRUCT
    if not clip:
        return Mode.PRESET
    # Knowing the words makes a better clone; without that mode they do no harm.
    if transcript and Mode.CLONE in engine.modes:
        return Mode.CLONE
    return Mode.CROSS_LINGUAL


def _check_engine(mode: Mode, ask: SpeechRequest, engine: EngineInfo) -> None:
    if mode in engine.modes:
        return
    name = engine.name
    if mode is Mode.INSTRUCT and ask.mode is None:
        raise InvalidInputError(
            "instructions_not_supported",
            f"the engine {name} takes no instructions; leave the field out",
            f"引擎 {name} 不支持指令，请去掉该字段",
            field="instructions",
        )
    if engine.clips is None and mode is not Mode.PRESET:
        raise InvalidInputError(
            "clips_not_supported",
            f"the engine {name} takes no recordings; choose one of its voices",
            f"引擎 {name} 不支持参考音频，请选择预置声音",
            field="reference" if ask.mode is None else "mode",
        )
    english, chinese = _NAMES[mode]
    known = ", ".join(sorted(engine.modes))
    raise InvalidInputError(
        "mode_not_supported",
        f"the engine {name} has no {mode} mode ({english}); its modes: {known}",
        f"引擎 {name} 没有“{chinese}”模式（{mode}），可用的模式：{known}",
        field="mode",
    )


def _check_parts(mode: Mode, ask: SpeechRequest, clip: bool, transcript: bool) -> None:
    _check_part(mode, "reference", clip, mode is not Mode.PRESET)
    _check_part(mode, "instructions", bool(ask.instruction), mode is Mode.INSTRUCT)
    _check_part(mode, "source", ask.source is not None, mode is Mode.CONVERT)
    if mode is Mode.CLONE:
        _check_part(mode, "reference_text", transcript, wanted=True)
    if mode is Mode.CONVERT and ask.text:
        _check_part(mode, "input", given=True, wanted=False)
    if ask.transcript and not ask.reference:
        raise InvalidInputError(
            "reference_text_alone",
            "reference_text holds the words of a reference recording, and there is none",
            "没有参考音频，却给出了其文字内容",
            field="reference_text",
        )


def _check_part(mode: Mode, field: str, given: bool, wanted: bool) -> None:
    if given == wanted:
        return
    (mode_en, mode_zh), (part_en, part_zh) = _NAMES[mode], _PARTS[field]
    raise InvalidInputError(
        f"{field}_missing" if wanted else f"{field}_not_taken",
        f"the mode {mode} ({mode_en}) {'needs' if wanted else 'takes no'} {part_en}",
        f"“{mode_zh}”模式（{mode}）{'需要' if wanted else '不接受'}{part_zh}",
        field=field,
    )
