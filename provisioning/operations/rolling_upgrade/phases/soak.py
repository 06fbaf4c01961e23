"""Soak: watch the node serve clients, and compare it with before and with the others."""

from collections.abc import Mapping

from ....facts.app.metrics import NodeMetrics
from ...rolling.errors import ActionError, PhaseError
from ..canary_analysis import Sample, evaluate
from ..options import UpgradeOptions
from ..shared_metrics import ROUND
from ..state import Node
from .baseline import FACTOR_BEFORE
from .phase import Phase, PhaseContext


def watch_time(node: Node, options: UpgradeOptions) -> float:
    """Seconds that a node is watched."""
    return options.soak if node.canary else options.soak_rest


def _applies(node: Node, options: UpgradeOptions) -> bool:
    return watch_time(node, options) > 0 and not node.drained


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    return f"watch errors and speed for {watch_time(node, options):g} s"


def _run(context: PhaseContext) -> None:
    # Without a duration: the node serves meanwhile.
    length = watch_time(context.node, context.options)
    end = context.clock.now() + length
    first = now = context.metrics.fresh(context.host)
    if isinstance(first, ActionError):
        raise first
    peers = _peers(context)
    samples = [Sample(first)]
    while (left := end - context.clock.now()) > 0:
        context.report("waiting", f"{left:.0f} s more to watch", {"seconds_left": round(left, 1)})
        context.clock.sleep(min(ROUND, left))
        seen = context.metrics.of([context.host, *peers])
        if seen[context.host] is now:
            # The last round may be a short one; a sample that was counted is no second one.
            seen[context.host] = context.metrics.fresh(context.host)
        now = seen[context.host]
        samples.append(_sample(now))
        others = _grown(seen, peers)
        before = context.node.facts.get(FACTOR_BEFORE)
        if problem := evaluate(first, samples, others, before, context.thresholds):
            raise PhaseError(problem)


def _sample(seen: NodeMetrics | ActionError) -> Sample:
    return Sample(None, str(seen)) if isinstance(seen, ActionError) else Sample(seen)


def _peers(context: PhaseContext) -> dict[str, NodeMetrics]:
    """The counters of the other serving nodes when the watch begins."""
    found = {}
    for host, seen in context.metrics.of_all().items():
        if host == context.host:
            continue
        if isinstance(seen, ActionError):
            context.report("note", f"{host} cannot be compared: {seen}")
        elif seen.ready:
            found[host] = seen
    return found


def _grown(
    seen: Mapping[str, NodeMetrics | ActionError], peers: Mapping[str, NodeMetrics]
) -> list[NodeMetrics]:
    grown = []
    for host, before in peers.items():
        now = seen[host]
        if isinstance(now, NodeMetrics) and now.same_process(before):
            grown.append(now.since(before))
    return grown


SOAK = Phase("soak", "watching it at work", _describe, _run, applies=_applies)
