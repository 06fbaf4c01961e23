"""The part of a node's ``/metrics`` that an upgrade watches. Pure.

The text format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+\S+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

_BAD_OUTCOMES = ("failed", "timed_out")
"""Refused is the text's fault, cancelled the client's, busy the load's."""
_CRASHES = ("crash", "out_of_memory", "start_failed", "self_test", "nonsense")
"""Other causes are planned, the client's wish, or a job's deadline, which is a bad outcome too."""


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


def parse_metrics(text: str, *, ready: bool, reason: str = "") -> NodeMetrics:
    """Parse the text format; a missing counter is zero."""
    values = list(_samples(text))

    def total(name: str, label: str = "", among: tuple[str, ...] = ()) -> float:
        return sum(
            value
            for found, labels, value in values
            if found == name and (not label or labels.get(label) in among)
        )

    jobs = "cosyvoice_jobs_total"
    return NodeMetrics(
        ready,
        reason,
        started=total("process_start_time_seconds"),
        ended=total(jobs, "outcome", ("done", *_BAD_OUTCOMES)),
        bad=total(jobs, "outcome", _BAD_OUTCOMES),
        crashes=total("cosyvoice_worker_restarts_total", "cause", _CRASHES),
        factor_sum=total("cosyvoice_real_time_factor_sum"),
        factor_count=total("cosyvoice_real_time_factor_count"),
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
