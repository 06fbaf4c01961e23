"""Smoke test: the node speaks, at its own address and at the VIP's if it has one, as a client would
hear it."""

from ....facts.app.target import Place
from ...rolling.errors import PhaseError
from ..canary_analysis import slow_sentence
from ..options import UpgradeOptions
from ..state import Node
from .baseline import IDLE_SENTENCE
from .phase import Phase, PhaseContext

_PLACES: dict[Place, str] = {"rip": "its own address", "vip": "the VIP's address on it"}


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "speak a sentence at its own address, and at the VIP's where it has one, and measure it"


def _run(context: PhaseContext) -> None:
    context.timed("smoke_test", lambda: _speak(context))


def _speak(context: PhaseContext) -> None:
    before = context.node.facts.get(IDLE_SENTENCE)
    for place, spoken in context.cluster.speak_everywhere(context.host).items():
        title = _PLACES[place]
        if problem := spoken.problem(context.host):
            raise PhaseError(f"it does not speak at {title}: {problem}")
        if slow := slow_sentence(spoken.seconds, before, context.thresholds):
            raise PhaseError(slow)


SMOKE_TEST = Phase("smoke_test", "running the smoke test", _describe, _run)
