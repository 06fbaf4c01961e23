"""Word times: from engines that know them."""

from ..engines.interface import Capability, EngineInfo
from ..errors import InvalidInputError
from ..speech_request import SpeechRequest


def word_times_of(ask: SpeechRequest, engine: EngineInfo) -> bool:
    """Tell whether words are to be timed. Raises ``InvalidInputError``."""
    if ask.word_times and Capability.WORD_TIMES not in engine.capabilities:
        raise InvalidInputError(
            "word_times_not_supported",
            f"the engine {engine.name} does not tell when it says a word; it has no captions",
            f"引擎 {engine.name} 不提供逐字时间，无法生成字幕",
            field="return_timestamps",
        )
    return ask.word_times
