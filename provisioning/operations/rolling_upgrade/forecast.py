"""Time that an upgrade has left, by what phases took on its earlier nodes, or in the upgrade before
it. Pure."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from ..rolling import window
from ..rolling.batches import members_left
from .downtime import whole
from .phases import PHASES
from .phases.soak import SOAK, watch_time
from .phases.stage import STAGE
from .state import MOVING, SETTLED, Node, NodeStatus, Upgrade


@dataclass(frozen=True, slots=True)
class Forecast:
    """Progress of a run, and its time left."""

    seconds: float | None
    """Until the last node has ended; None where a phase was never measured."""
    done: int
    nodes: int

    def __str__(self) -> str:
        known = f"{self.done} of {self.nodes} nodes done"
        return f"{known}, {roughly(self.seconds)} left" if self.seconds else known

    def facts(self) -> dict[str, Any]:
        """For machines: ``seconds_left`` is left out where it is not known."""
        numbers: dict[str, Any] = {"nodes_done": self.done, "nodes": self.nodes}
        if self.seconds is not None:
            numbers["seconds_left"] = round(self.seconds, 1)
        return numbers


def roughly(seconds: float) -> str:
    """Words for a time that is not known exactly."""
    if seconds < 90:
        return f"about {max(1, round(seconds / 10)) * 10} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"


def learned(upgrade: Upgrade) -> dict[str, float]:
    """Mean seconds of every phase that some node has been through, for this upgrade or the next."""
    found: dict[str, list[float]] = {}
    for node in upgrade.nodes:
        for phase in node.done:
            if (took := node.seconds.get(whole(phase))) is not None:
                found.setdefault(phase, []).append(took)
    return {**upgrade.expected, **{phase: fmean(took) for phase, took in found.items()}}


def forecast(upgrade: Upgrade, elapsed: Mapping[str, float], forks: int) -> Forecast:
    """Forecast a run from its state and the seconds that nodes have spent ``elapsed`` in their
    present phases; ``forks`` nodes are worked on at a time."""
    done = sum(node.status in SETTLED for node in upgrade.nodes)
    try:
        left: float | None = _Schedule(learned(upgrade), elapsed, forks).of(upgrade)
    except KeyError:
        left = None
    return Forecast(left, done, len(upgrade.nodes))


@dataclass(frozen=True, slots=True)
class _Schedule:
    """Durations of phases, laid out as the runner takes the nodes. Raises ``KeyError`` where one is
    not known."""

    took: Mapping[str, float]
    elapsed: Mapping[str, float]
    forks: int

    def of(self, upgrade: Upgrade) -> float:
        """Seconds until the end: staging everywhere, then batch after batch."""
        nodes = [node for node in upgrade.nodes if node.status not in SETTLED]
        unstaged = [n for n in nodes if n.status is NodeStatus.WAITING and n.role == "real_server"]
        staging = [self.took[STAGE.name] for n in unstaged if STAGE.name not in n.done]
        total = _makespan(staging, self.forks)
        for number in sorted({node.batch for node in nodes}):
            batch = members_left(upgrade.nodes, number)
            if window.is_window(upgrade, number):
                total += self._window(upgrade, batch)
            else:
                whole_nodes = [sum(self._left(upgrade, node)) for node in batch]
                total += _makespan(whole_nodes, self.forks)
        return total

    def _window(self, upgrade: Upgrade, nodes: Sequence[Node]) -> float:
        places = [0.0] * (upgrade.most_out or 1)
        end = 0.0
        # Those under way have their places already.
        for node in sorted(nodes, key=lambda node: node.status not in MOVING):
            out, watched = self._left(upgrade, node)
            back = heapq.heappop(places) + out if out else 0.0
            if out:
                heapq.heappush(places, back)
            end = max(end, back + watched)
        return end

    def _left(self, upgrade: Upgrade, node: Node) -> tuple[float, float]:
        """Seconds until a node serves again, and that it is watched after that."""
        if node.status is NodeStatus.ROLLING_BACK:
            return 0.0, 0.0
        out = watched = 0.0
        for phase in PHASES[node.role]:
            if phase.name in node.done or phase is STAGE:
                continue
            if not phase.applies(node, upgrade.options):
                continue
            known = phase is SOAK
            seconds = watch_time(node, upgrade.options) if known else self.took[phase.name]
            if phase.name == node.at:
                seconds = max(0.0, seconds - self.elapsed.get(node.host, 0.0))
            if known:
                watched += seconds
            else:
                out += seconds
        return out, watched


def _makespan(seconds: Iterable[float], places: int) -> float:
    """Time for works of these lengths, begun in order, so many at a time."""
    ends = [0.0] * max(1, places)
    for one in seconds:
        heapq.heappush(ends, heapq.heappop(ends) + one)
    return max(ends)
