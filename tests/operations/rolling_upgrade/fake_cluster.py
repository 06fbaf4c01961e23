"""A fake cluster: it does what an upgrade tells it, fails where a test says so, and
keeps count of what its clients had at every moment."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from provisioning.facts.app.metrics import NodeMetrics
from provisioning.facts.app.target import Place
from provisioning.operations.drain.remaining_work import RemainingWork
from provisioning.operations.rolling.errors import ActionError, DirectorUnreachableError
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling.snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot
from provisioning.operations.rolling_upgrade.speech_sample import SpeechSample

OLD, NEW = "1.0-aaaa", "2.0-bbbb"


class Cut(BaseException):
    """The control process is gone, as after SIGKILL."""


@dataclass
class FakeClock:
    """Time that passes when somebody sleeps."""

    time: float = 1000.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    on_sleep: Callable[[float], None] = lambda now: None

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.time += seconds
        self.on_sleep(self.time)

    def stop(self) -> None:
        """The next run uses it again."""


@dataclass
class FakeNode:
    weight: int = 1
    full: int = 1
    release: str = OLD
    linked: str = OLD
    staged: set[str] = field(default_factory=lambda: {OLD})
    up: bool = True
    marked: bool = False
    jobs: int = 0
    """Drain looks until it is idle."""
    started: float = 100.0
    ended: float = 0.0
    bad: float = 0.0
    crashes: float = 0.0


@dataclass
class FakeCluster:
    """The hands of an upgrade."""

    nodes: dict[str, FakeNode]
    clock: FakeClock
    quorum: int = 1
    directors: dict[str, bool] = field(default_factory=lambda: {"lvs1": True, "lvs2": False})
    """True for a director that holds the VIP."""
    director_work: dict[str, tuple[list[str], bool]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    drained: set[str] = field(default_factory=set)
    """By the operator."""
    trouble: Callable[[str, str], str] = lambda action, host: ""
    """Says why an action on a host fails; empty lets it be."""
    away: str = ""
    """A director that nobody reaches."""
    said: list[tuple[str, str]] = field(default_factory=list)
    questions: list[tuple[str, float]] = field(default_factory=list)
    """Hosts that were asked for their counters, and when."""
    lowest: int = 10**9
    """Least live weight that clients ever had."""
    most_out: int = 0
    """Most nodes that were drained at the same time."""
    sentence: Callable[["FakeNode"], float] = lambda node: 1.0
    watched: Callable[["FakeNode", float], NodeMetrics | None] = lambda node, now: None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def _do(self, action: str, host: str) -> None:
        self.said.append((action, host))
        if reason := self.trouble(action, host):
            raise ActionError(reason)
        if self.away and action in ("drain", "settle", "undrain"):
            raise DirectorUnreachableError(f"{self.away}: no answer")

    def live(self) -> int:
        return sum(node.weight for node in self.nodes.values() if node.weight and node.up)

    def _count(self) -> None:
        self.lowest = min(self.lowest, self.live())

    def look(self, at_most: float = 0.0) -> ClusterSnapshot:
        with self.lock:
            seen = {
                host: NodeSnapshot(node.up and not node.marked, node.release, slots=1, places=8)
                for host, node in self.nodes.items()
            }
            weights = {host: node.weight for host, node in self.nodes.items()}
        masters = tuple(host for host, holds in self.directors.items() if holds)
        service = ServiceSnapshot("web", self.quorum, weights)
        return ClusterSnapshot((service,), seen, masters, self.faults, tuple(self.drained))

    def stage(self, host: str) -> None:
        self._do("stage", host)
        self.nodes[host].staged.add(NEW)

    def ask_hooks(self, host: str) -> None:
        if reason := self.trouble("hooks", host):
            raise ActionError(reason)

    def drain(self, host: str, reason: str) -> None:
        with self.lock:
            self._do("drain", host)
            self.nodes[host].weight, self.nodes[host].marked = 0, True
            self.most_out = max(self.most_out, sum(node.marked for node in self.nodes.values()))
            self._count()

    def remaining_work(self, host: str) -> RemainingWork:
        node = self.nodes[host]
        node.jobs = max(0, node.jobs - 1)
        return RemainingWork(node.jobs)

    def settle(self, host: str) -> None:
        self._do("settle", host)

    def undrain(self, host: str, percent: int = 100) -> None:
        with self.lock:
            self._do("undrain", host)
            node = self.nodes[host]
            if not node.up:
                raise ActionError("not ready")
            node.marked, node.weight = False, max(1, node.full * percent // 100)

    def stop(self, host: str) -> None:
        self._do("stop", host)
        with self.lock:
            node = self.nodes[host]
            assert node.weight == 0 or not node.up, f"{host} stopped while clients were sent to it"
            node.up = False

    def switch(self, host: str, release: str) -> None:
        self._do("switch", host)
        node = self.nodes[host]
        assert release in node.staged, f"{release} is not on {host}"
        assert not node.up, f"{host} switched while it ran"
        node.linked = release

    def start(self, host: str) -> None:
        node = self.nodes[host]
        self._do(f"start {node.linked}", host)
        if not node.up:
            node.up, node.release, node.started = True, node.linked, self.clock.now()

    def warming(self, host: str) -> str:
        self._do(f"warm {self.nodes[host].release}", host)
        return ""

    def speak_everywhere(self, host: str) -> dict[Place, SpeechSample]:
        return {"rip": self._speak(host), "vip": self._speak(host)}

    def baseline(self, host: str) -> tuple[SpeechSample, NodeMetrics]:
        return self._speak(host), self.metrics(host)

    def _speak(self, host: str) -> SpeechSample:
        node = self.nodes[host]
        if reason := self.trouble(f"speak {node.release}", host):
            return SpeechSample(host, error=reason)
        return SpeechSample(host, self.sentence(node), 3.0, -20.0, 30.0)

    def metrics(self, host: str) -> NodeMetrics:
        with self.lock:
            self.questions.append((host, self.clock.now()))
        node = self.nodes[host]
        if found := self.watched(node, self.clock.now()):
            return found
        if not node.up:
            raise ActionError("connection refused")
        return NodeMetrics(not node.marked, "", node.started, node.ended, node.bad, node.crashes)

    def director_changes(self, hosts: Sequence[str]) -> dict[str, tuple[list[str], bool]]:
        return {host: self.director_work.get(host, ([], False)) for host in hosts}

    def change_director(self, host: str) -> None:
        self._do("change", host)
        _, restarts = self.director_changes([host])[host]
        assert not (restarts and self.directors[host]), f"{host} restarted while it held the VIP"
        self.director_work.pop(host, None)

    def hand_over(self, host: str) -> str | None:
        self._do("hand over", host)
        if not self.directors[host]:
            return None
        other = next(name for name in self.directors if name != host)
        self.directors[host], self.directors[other] = False, True
        return other

    def director_settled(self, host: str) -> str:
        self._do("settled", host)
        return ""


@dataclass
class EventRecorder:
    """A watcher that remembers."""

    events: list[RunEvent] = field(default_factory=list)
    then: Callable[[RunEvent], None] = lambda event: None

    def __call__(self, event: RunEvent, /) -> None:
        self.events.append(event)
        self.then(event)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def text(self) -> str:
        return "\n".join(f"{e.kind} {e.host} {e.phase} {e.text}" for e in self.events)
