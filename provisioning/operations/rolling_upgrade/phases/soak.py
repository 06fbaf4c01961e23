"""Soak: watch the node serve clients, and compare it with before and with the others."""

from ....facts.app.metrics import NodeMetrics
from ..canary_analysis import Sample, evaluate
from ..options import UpgradeOptions
from ..ports import ActionError
from ..state import Node
from .baseline import FACTOR_BEFORE
from .phase import Phase, PhaseContext, PhaseError

_LOOK_EVERY = 3.0
"""Seconds between samples; a restart between two of them is seen by the process' age."""


def _length(node: Node, options: UpgradeOptions) -> float:
    return options.soak if node.canary else options.soak_rest


def _applies(node: Node, options: UpgradeOptions) -> bool:
    return _length(node, options) > 0 and not node.drained


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"watch errors and speed for {_length(node, options):g} s"


def _run(context: PhaseContext) -> None:
    # Without a duration: the node serves meanwhile.
    length = _length(context.node, context.options)
    end = context.clock.now() + length
    first = context.cluster.metrics(context.host)
    peers = _peers(context)
    samples = [Sample(first)]
    while (left := end - context.clock.now()) > 0:
        context.report("waiting", f"{left:.0f} s more to watch", {"seconds_left": round(left, 1)})
        context.clock.sleep(min(_LOOK_EVERY, left))
        samples.append(_sample(context))
        others = _grown(context, peers)
        before = context.node.facts.get(FACTOR_BEFORE)
        if problem := evaluate(first, samples, others, before, context.thresholds):
            raise PhaseError(problem)


def _sample(context: PhaseContext) -> Sample:
    try:
        return Sample(context.cluster.metrics(context.host))
    except ActionError as error:
        return Sample(None, str(error))


def _peers(context: PhaseContext) -> dict[str, NodeMetrics]:
    """Read the counters of the other serving nodes when the watch begins."""
    found = {}
    for host, snapshot in context.cluster.look().nodes.items():
        if host != context.host and snapshot.ready:
            try:
                found[host] = context.cluster.metrics(host)
            except ActionError as error:
                context.report("note", f"{host} cannot be compared: {error}")
    return found


def _grown(context: PhaseContext, peers: dict[str, NodeMetrics]) -> list[NodeMetrics]:
    grown = []
    for host, before in peers.items():
        try:
            now = context.cluster.metrics(host)
        except ActionError:
            continue
        if now.same_process(before):
            grown.append(now.since(before))
    return grown


SOAK = Phase("soak", "watching it at work", _describe, _run, applies=_applies)
