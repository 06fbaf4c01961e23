"""The node speaks, at its own address and at the VIP's, as a client would hear it."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.hands import Place
from provisioning.operations.rolling_upgrade.judgement import slow_sentence
from provisioning.operations.rolling_upgrade.phases.comparing import IDLE_SENTENCE
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node

_PLACES: dict[Place, str] = {"rip": "its own address", "vip": "the VIP's address on it"}


def _would(node: Node, choices: Choices, target: str) -> str:
    return "have it say a sentence at its own address and at the VIP's, and measure the sound"


def _run(work: Work) -> None:
    work.timed("prove", lambda: _prove(work))


def _prove(work: Work) -> None:
    before = work.node.facts.get(IDLE_SENTENCE)
    for place, title in _PLACES.items():
        spoken = work.hands.speak(work.host, place)
        if problem := spoken.problem(work.host):
            raise PhaseError(f"it does not speak at {title}: {problem}")
        if slow := slow_sentence(spoken.seconds, before, work.thresholds):
            raise PhaseError(slow)


PROVE = Phase("prove", "having it speak", _would, _run)
