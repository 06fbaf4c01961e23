"""Settings of NVIDIA's cards that only its driver keeps, as nvidia-smi(1) prints them. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact


@dataclass(frozen=True, slots=True)
class CardSettings:
    """One card."""

    index: int
    persistent: bool | None
    """The driver stays loaded for it when nobody uses it; nothing where it does not tell."""
    memory: int | None
    """MiB."""


# A driver that hangs must not hold up all other questions.
_FRAGMENT = """\
command -v nvidia-smi > /dev/null || exit 0
columns=index,persistence_mode,memory.total
timeout 20 nvidia-smi --query-gpu="$columns" --format=csv,noheader,nounits"""


def _parse(found: Observation) -> tuple[CardSettings, ...]:
    cards = []
    for line in found.stdout.splitlines():
        index, *rest = (word.strip() for word in line.split(","))
        if index.isdecimal() and len(rest) == 2:
            mode, memory = rest
            persistent = {"Enabled": True, "Disabled": False}.get(mode)
            size = int(memory) if memory.isdecimal() else None
            cards.append(CardSettings(int(index), persistent, size))
    return tuple(cards)


CARD_SETTINGS = Fact("card_settings", _FRAGMENT, _parse)
"""Empty where there is no driver, or it does not answer: what becomes of that is a requirement."""
