"""Comparison of an upgraded node with its old release and with the other nodes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...facts.app.metrics import NodeMetrics
from ...node_api import READY


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of a healthy node. Shares are of the jobs that ended while it was watched."""

    bad_share: float = 0.05
    """Share of failed jobs by which a node may be worse than the others."""
    least_bad: int = 2
    """One failed job is no pattern."""
    slowdown: float = 2.0
    """Factor by which a second of sound may take longer than on the others or before."""
    least_jobs: int = 5
    """Jobs that must have ended before speed is judged."""
    slow_sentence: float = 2.0
    """Factor by which the test sentence may take longer than with the old release …"""
    slow_sentence_more: float = 2.0
    """… and these seconds more, as a short sentence's time is mostly chance."""
    not_ready: int = 2
    """Samples in a row that find the node not ready."""


DEFAULT = Thresholds()


@dataclass(frozen=True, slots=True)
class Sample:
    """One observation of the node while it is watched."""

    seen: NodeMetrics | None
    """None where the node did not answer."""
    error: str = ""


def evaluate(
    first: NodeMetrics,
    samples: Sequence[Sample],
    others: Sequence[NodeMetrics],
    before: float | None,
    thresholds: Thresholds = DEFAULT,
) -> str:
    """Say why the node is not healthy, or return an empty text.

    ``first`` has its counters when the watch began, ``others`` the growth of other nodes' counters
    since then, ``before`` is its own real-time factor with the old release.
    """
    last = samples[-thresholds.not_ready :]
    if len(last) == thresholds.not_ready and all(_down(one) for one in last):
        return f"it is not ready any more: {_down(last[-1])}"
    seen = next((one.seen for one in reversed(samples) if one.seen), None)
    if seen is None:
        return ""
    if not seen.same_process(first):
        return "its process ended and was started again"
    grown = seen.since(first)
    return (
        _crashed(grown, others)
        or _failing(grown, others, thresholds)
        or _slow(grown, others, before, thresholds)
    )


def slow_sentence(seconds: float, before: float | None, thresholds: Thresholds = DEFAULT) -> str:
    """Say why the test sentence took too long, or return an empty text."""
    if before is None:
        return ""
    allowed = before * thresholds.slow_sentence + thresholds.slow_sentence_more
    if seconds <= allowed:
        return ""
    return (
        f"it speaks but slowly: {seconds:.1f} s for the test sentence, with the old release "
        f"{before:.1f} s (allowed {allowed:.1f} s)"
    )


def _down(sample: Sample) -> str:
    if sample.seen is None:
        return sample.error or "no answer"
    return "" if sample.seen.ready else sample.seen.reason or f"{READY} is not 200"


def _crashed(grown: NodeMetrics, others: Sequence[NodeMetrics]) -> str:
    # Where the others' fall over as well, it is the jobs and not the release.
    if grown.crashes <= max((other.crashes for other in others), default=0.0):
        return ""
    return f"{grown.crashes:.0f} of its workers fell over while it was watched"


def _failing(grown: NodeMetrics, others: Sequence[NodeMetrics], limits: Thresholds) -> str:
    if grown.bad < limits.least_bad or not grown.ended:
        return ""
    ended = sum(other.ended for other in others)
    usual = sum(other.bad for other in others) / ended if ended else 0.0
    share = grown.bad / grown.ended
    if share <= usual + limits.bad_share:
        return ""
    return (
        f"{grown.bad:.0f} of {grown.ended:.0f} jobs failed while it was watched "
        f"({share:.0%}; the others {usual:.0%})"
    )


def _slow(
    grown: NodeMetrics, others: Sequence[NodeMetrics], before: float | None, limits: Thresholds
) -> str:
    if grown.factor is None or grown.factor_count < limits.least_jobs:
        return ""
    count = sum(other.factor_count for other in others)
    theirs = sum(other.factor_sum for other in others) / count if count else None
    # The slower of the two: under a load that slows all nodes none of them is to blame.
    references = [value for value in (theirs, before) if value]
    if not references or grown.factor <= limits.slowdown * max(references):
        return ""
    usual = max(references)
    return (
        f"it speaks but slowly: {grown.factor:.2f} s of work for a second of sound, "
        f"usual is {usual:.2f} s (allowed {limits.slowdown * usual:.2f} s)"
    )
