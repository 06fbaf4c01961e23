"""Smoke test: the node speaks, at its own address and at the VIP's, as a client would hear it."""

from provisioning.facts.app_target import Place
from provisioning.operations.rolling_upgrade.canary_analysis import slow_sentence
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.baseline import IDLE_SENTENCE
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext, PhaseError
from provisioning.operations.rolling_upgrade.state import Node

_PLACES: dict[Place, str] = {"rip": "its own address", "vip": "the VIP's address on it"}


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return "speak a sentence at its own address and at the VIP's, and measure the sound"


def _run(context: PhaseContext) -> None:
    context.timed("smoke_test", lambda: _speak(context))


def _speak(context: PhaseContext) -> None:
    before = context.node.facts.get(IDLE_SENTENCE)
    for place, title in _PLACES.items():
        spoken = context.cluster.speak(context.host, place)
        if problem := spoken.problem(context.host):
            raise PhaseError(f"it does not speak at {title}: {problem}")
        if slow := slow_sentence(spoken.seconds, before, context.thresholds):
            raise PhaseError(slow)


SMOKE_TEST = Phase("smoke_test", "running the smoke test", _describe, _run)
