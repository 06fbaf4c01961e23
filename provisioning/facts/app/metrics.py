"""Metrics of the app on a node, with its readiness in the same probe. Pure but for reading package
data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ... import node_api
from ...model.derived.nodes import Node, nodes_of
from ...model.inventory import Inventory
from ...resources.base import Observation
from ..fact import Fact
from ..http_replies import HttpReplies, http_probe, parse_replies, required
from .target import app_target, of_node

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+\S+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class NodeMetrics:
    """Counters since the node's process started, and whether it is ready."""

    ready: bool
    """True where /readyz answers 200."""
    reason: str = ""
    """Its answer otherwise."""
    started: float = 0.0
    """Start of the process, Unix time; 0 where that is unknown."""
    ended: float = 0.0
    """Jobs that were done, failed or timed out."""
    bad: float = 0.0
    """Of them, those that failed or timed out."""
    crashes: float = 0.0
    """Workers that crashed."""
    factor_sum: float = 0.0
    factor_count: float = 0.0
    """Time on the worker for a second of sound, over jobs that were done."""

    def since(self, before: "NodeMetrics") -> "NodeMetrics":
        """Compute the growth since an earlier sample of the same process."""
        return NodeMetrics(
            self.ready,
            self.reason,
            self.started,
            self.ended - before.ended,
            self.bad - before.bad,
            self.crashes - before.crashes,
            self.factor_sum - before.factor_sum,
            self.factor_count - before.factor_count,
        )

    def same_process(self, before: "NodeMetrics") -> bool:
        """True where no restart lies between the two samples. Counters never fall."""
        if self.started and before.started:
            # The value is made from ticks since boot and rounds differently at each start only.
            return abs(self.started - before.started) < 1.0
        return self.ended >= before.ended and self.crashes >= before.crashes

    @property
    def factor(self) -> float | None:
        """Mean time on the worker for a second of sound."""
        return self.factor_sum / self.factor_count if self.factor_count else None


def app_metrics(inventory: Inventory, name: str, *, patience: int) -> Fact[NodeMetrics]:
    """Metrics of a real server, of all its nodes together, which gets ``patience`` seconds for each
    answer. Raises ``ProbeError`` and ``NoReplyError``."""
    nodes = nodes_of(inventory, name)
    targets = {
        of_node(path, node): app_target(inventory, node, path)
        for node in nodes
        for path in (node_api.READY, node_api.METRICS)
    }
    python = str(inventory.app.base_python)

    def parse(found: Observation) -> NodeMetrics:
        replies = parse_replies(found)
        return _added_up([_of_node(replies, node) for node in nodes])

    return Fact("app_metrics", http_probe(targets, patience=patience, python=python), parse)


def _of_node(replies: HttpReplies, node: Node) -> NodeMetrics:
    ready = required(replies, of_node(node_api.READY, node))
    return parse_metrics(
        required(replies, of_node(node_api.METRICS, node)).text,
        ready=ready.status == 200,
        reason=f"{ready.status} {ready.text[:200]}",
    )


def _added_up(every: Sequence[NodeMetrics]) -> NodeMetrics:
    """Those of several nodes as one. The sum of their starts moves whichever is started anew."""
    if len(every) == 1:
        return every[0]
    return NodeMetrics(
        all(one.ready for one in every),
        "; ".join(one.reason for one in every if not one.ready),
        sum(one.started for one in every) if all(one.started for one in every) else 0.0,
        sum(one.ended for one in every),
        sum(one.bad for one in every),
        sum(one.crashes for one in every),
        sum(one.factor_sum for one in every),
        sum(one.factor_count for one in every),
    )


def parse_metrics(text: str, *, ready: bool, reason: str = "") -> NodeMetrics:
    """Parse the text format; a missing counter is zero."""
    values = list(_samples(text))

    def total(name: str, label: str = "", among: tuple[str, ...] = ()) -> float:
        return sum(
            value
            for found, labels, value in values
            if found == name and (not label or labels.get(label) in among)
        )

    jobs, outcome = node_api.JOBS_TOTAL, node_api.OUTCOME
    bad = node_api.BAD_OUTCOMES
    return NodeMetrics(
        ready,
        reason,
        started=total(node_api.PROCESS_START),
        ended=total(jobs, outcome, (node_api.DONE, *bad)),
        bad=total(jobs, outcome, bad),
        crashes=total(node_api.RESTARTS_TOTAL, node_api.CAUSE, node_api.CRASHES),
        factor_sum=total(node_api.FACTOR_SUM),
        factor_count=total(node_api.FACTOR_COUNT),
    )


def _samples(text: str) -> list[tuple[str, Mapping[str, str], float]]:
    found: list[tuple[str, Mapping[str, str], float]] = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if line.startswith("#") or not match:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        found.append((match["name"], dict(_LABEL.findall(match["labels"] or "")), value))
    return found
