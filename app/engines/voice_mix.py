"""Mixtures of voices as a request writes them: ``af_bella(2)+af_sky``, as Kokoro-FastAPI has it."""

import math
import re
from dataclasses import dataclass

from ..errors import NodeError

MOST_PARTS = 8
HEAVIEST = 100.0
_PART = re.compile(r"\s*(?P<voice>[^+()\s][^+()]*?)\s*(?:\(\s*(?P<weight>[0-9.]{1,12})\s*\)\s*)?")


class VoiceMixError(NodeError):
    """A text that is no mixture. Shown to the user, in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


@dataclass(frozen=True, slots=True)
class Part:
    """A voice of a mixture, and its share."""

    voice: str
    share: float
    """Of 1."""


def looks_mixed(text: str) -> bool:
    """Tell whether this is meant to be a mixture."""
    return "+" in text or "(" in text


def parts_of(text: str) -> tuple[Part, ...]:
    """The voices of a mixture, in its order; a voice without a weight has 1. Raises
    ``VoiceMixError``."""
    written = text.split("+")
    if len(written) > MOST_PARTS:
        raise VoiceMixError(
            f"a mixture has at most {MOST_PARTS} voices, this one has {len(written)}",
            f"最多混合 {MOST_PARTS} 个声音，这里有 {len(written)} 个",
        )
    weights = [_part(part) for part in written]
    total = sum(weight for _, weight in weights)
    return tuple(Part(voice, weight / total) for voice, weight in weights)


def _part(written: str) -> tuple[str, float]:
    match = _PART.fullmatch(written)
    if match is None:
        raise VoiceMixError(
            f"{written!r} is no voice of a mixture; write it as af_bella(2)+af_sky(1)",
            f"“{written}”不是混合声音的一部分，正确写法如 af_bella(2)+af_sky(1)",
        )
    try:
        weight = float(match["weight"] or 1)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= HEAVIEST:
        raise VoiceMixError(
            f"the weight of {match['voice']} is {match['weight']}, not a number above 0 and up to "
            f"{HEAVIEST:g}",
            f"{match['voice']} 的权重 {match['weight']} 不是大于 0 且不超过 {HEAVIEST:g} 的数",
        )
    return match["voice"], weight
