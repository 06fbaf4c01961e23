"""The node serves clients and is watched: is it as good as before, and as the others?"""

from provisioning.facts.app_metrics import NodeMetrics
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.hands import HandError
from provisioning.operations.rolling_upgrade.judgement import Look, verdict
from provisioning.operations.rolling_upgrade.phases.comparing import FACTOR_BEFORE
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node

_LOOK_EVERY = 3.0
"""Seconds between looks; a crash and restart between two of them is seen by the process' age."""


def _length(node: Node, choices: Choices) -> float:
    return choices.soak if node.canary else choices.soak_rest


def _applies(node: Node, choices: Choices) -> bool:
    return _length(node, choices) > 0 and not node.drained


def _would(node: Node, choices: Choices, target: str) -> str:
    return f"watch errors and speed for {_length(node, choices):g} s"


def _run(work: Work) -> None:
    # Without a time of its own: it is no part of what the node's clients go without.
    length = _length(work.node, work.choices)
    end = work.clock.now() + length
    first = work.hands.metrics(work.host)
    peers = _peers(work)
    looks = [Look(first)]
    while (left := end - work.clock.now()) > 0:
        work.tell("waiting", f"{left:.0f} s more to watch", {"seconds_left": round(left, 1)})
        work.clock.sleep(min(_LOOK_EVERY, left))
        looks.append(_look(work))
        others = _grown(work, peers)
        before = work.node.facts.get(FACTOR_BEFORE)
        if problem := verdict(first, looks, others, before, work.thresholds):
            raise PhaseError(problem)


def _look(work: Work) -> Look:
    try:
        return Look(work.hands.metrics(work.host))
    except HandError as error:
        return Look(None, str(error))


def _peers(work: Work) -> dict[str, NodeMetrics]:
    """What the other nodes that serve counted when the watch began."""
    found = {}
    for host, sight in work.hands.look().nodes.items():
        if host != work.host and sight.ready:
            try:
                found[host] = work.hands.metrics(host)
            except HandError as error:
                work.tell("note", f"{host} is no comparison: {error}")
    return found


def _grown(work: Work, peers: dict[str, NodeMetrics]) -> list[NodeMetrics]:
    grown = []
    for host, before in peers.items():
        try:
            now = work.hands.metrics(host)
        except HandError:
            continue
        if now.same_process(before):
            grown.append(now.since(before))
    return grown


SOAK = Phase("soak", "watching it at work", _would, _run, applies=_applies)
