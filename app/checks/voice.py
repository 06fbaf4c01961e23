"""A voice by its id, or a mixture of voices."""

from ..engines.interface import Capability, EngineInfo
from ..engines.voice_mix import VoiceMixError, looks_mixed, parts_of
from ..errors import InvalidInputError


def check_voice(voice: str, engine: EngineInfo) -> None:
    """Check that the engine has it. Raises ``InvalidInputError``."""
    if engine.voice(voice) is not None:
        return
    if not looks_mixed(voice):
        raise _unknown(voice, engine)
    try:
        parts = parts_of(voice)
    except VoiceMixError as error:
        raise InvalidInputError("voice_mix_wrong", error.en, error.zh, field="voice") from error
    if Capability.VOICE_MIXING not in engine.capabilities:
        raise InvalidInputError(
            "voice_mixing_not_supported",
            f"the engine {engine.name} does not mix voices; name one of them",
            f"引擎 {engine.name} 不支持混合声音，请只选择一个声音",
            field="voice",
        )
    raise _unknown(next(part.voice for part in parts if not engine.voice(part.voice)), engine)


def _unknown(voice: str, engine: EngineInfo) -> InvalidInputError:
    known = ", ".join(known.id for known in engine.voices)
    return InvalidInputError(
        "voice_unknown",
        f"there is no voice {voice!r}; voices: {known}",
        f"没有声音“{voice}”，可用的声音：{known}",
        field="voice",
    )
