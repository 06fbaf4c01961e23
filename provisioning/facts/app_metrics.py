"""Metrics of the app on a node, with its readiness in the same probe. Pure but for reading package
data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from provisioning import node_api
from provisioning.facts.app_target import app_target
from provisioning.facts.fact import Fact
from provisioning.facts.http_replies import http_probe, parse_replies, required
from provisioning.model.inventory import Inventory
from provisioning.resources.base import Observation

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
    """Metrics of a real server, which gets ``patience`` seconds for each answer. Raises
    ``ProbeError`` and ``NoReplyError``."""
    paths = (node_api.READY, node_api.METRICS)
    targets = {path: app_target(inventory, name, path) for path in paths}
    python = str(inventory.app.base_python)
    return Fact("app_metrics", http_probe(targets, patience=patience, python=python), _parse)


def _parse(found: Observation) -> NodeMetrics:
    replies = parse_replies(found)
    ready = required(replies, node_api.READY)
    return parse_metrics(
        required(replies, node_api.METRICS).text,
        ready=ready.status == 200,
        reason=f"{ready.status} {ready.text[:200]}",
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
