"""An upgrade of a node on a cluster of folders, with its round trips counted: real scripts, real
directors' configuration, an app that pretends."""

import io
import json
import threading
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning.engine.fleet import Fleet
from provisioning.model.cluster_record import ClusterRecord
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling_upgrade import registration, state_file
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.ssh.cluster import SSHCluster
from provisioning.operations.rolling_upgrade.state import Node, Upgrade
from provisioning.operations.run.run import journaled_run
from provisioning.operations.state_folder.runtime_state import written_by
from provisioning.transport.base import Completed, Conversation, Transport
from tests.operations.operating import operation
from tests.operations.sandbox_cluster import SandboxCluster

OLD, NEW = "1.0-aaaa", "2.0-bbbb"


@dataclass
class Trips:
    """Round trips by phase: steps that wait for an answer, of which some ask several hosts at
    once, and writes of the cluster's record."""

    phase: str = "preflight"
    steps: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _here: threading.local = field(default_factory=threading.local)

    def watch(self, event: RunEvent) -> None:
        if event.kind == "phase":
            self.phase = event.phase
        elif event.kind == "upgraded":
            self.phase = "end"

    def trip(self) -> None:
        self._here.count = getattr(self._here, "count", 0) + 1

    def during(self, work: Callable[[], Any]) -> int:
        """Trips that this thread makes in a work."""
        before = getattr(self._here, "count", 0)
        work()
        return int(getattr(self._here, "count", 0) - before)

    def wrote(self, record: ClusterRecord) -> ClusterRecord:
        with self.lock:
            self.writes[self.phase] += 1
        return record


class CountedTransport:
    """Passes everything on."""

    def __init__(self, inner: Transport, trips: Trips) -> None:
        self._inner, self._trips = inner, trips

    def run(self, *arguments: Any, **named: Any) -> Completed:
        self._trips.trip()
        return self._inner.run(*arguments, **named)

    def converse(self, script: str) -> Conversation:
        return self._inner.converse(script)

    def close(self) -> None:
        self._inner.close()


class CountedFleet(Fleet):
    """Counts what hosts are asked at the same time as one step."""

    def __init__(self, connect: Callable[[str], Transport], trips: Trips) -> None:
        super().__init__(lambda name: CountedTransport(connect(name), trips), forks=8)
        self._trips = trips

    def _all(self, names: Iterable[str], work: Any, **named: Any) -> Any:
        most = [0]

        def counted(name: str, transport: Transport) -> Any:
            result: list[Any] = []
            made = self._trips.during(lambda: result.append(work(name, transport)))
            with self._trips.lock:
                most[0] = max(most[0], made)
            return result[0]

        found = super()._all(names, counted, **named)
        with self._trips.lock:
            self._trips.steps[self._trips.phase] += most[0]
        return found


class QuickClock:
    """Waits are short: what is waited for is there at once."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(0.01)

    def stop(self) -> None: ...


def sentence() -> bytes:
    """Loud and soft by turns, as speech is."""
    file, rate = io.BytesIO(), 8000
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        for second in range(6):
            loud = 12000 if second % 2 else 20
            sound.writeframes(
                b"".join(
                    (loud if n % 8 < 4 else -loud).to_bytes(2, "little", signed=True)
                    for n in range(rate // 2)
                )
            )
    return file.getvalue()


def prepare(sandbox: SandboxCluster, folder: Path) -> None:
    """Give the hosts both releases, and the inventory a folder for them."""
    content = json.loads(sandbox.inventory.model_dump_json(exclude_unset=True))
    content["app"] |= {"directory": str(folder / "opt"), "user": "root"}
    sandbox.inventory = Inventory.model_validate(content)
    sandbox.cluster = Cluster(sandbox.inventory, folder / "inventory.yaml")
    for release in (OLD, NEW):
        there = folder / "opt/releases" / release
        there.mkdir(parents=True)
        (there / ".cluster-release").touch()
    (folder / "opt/current").symlink_to(f"releases/{OLD}")
    sandbox.deploy()
    said = sandbox.said
    sandbox.said = lambda name: {**said(name), "open": {"answers": 0, "pages": 0}}  # type: ignore[method-assign]
    sandbox.sound = sentence()


@contextmanager
def actions_on(
    sandbox: SandboxCluster, options: UpgradeOptions
) -> Iterator[tuple[SSHCluster, Trips]]:
    """Actions of a run, whose round trips are counted."""
    trips, cluster = Trips(), sandbox.cluster
    fleet = CountedFleet(lambda name: sandbox.hosts[name], trips)
    with (
        journaled_run(cluster, ["test"]) as run,
        written_by(cluster.state_dir, trips.wrote),
    ):
        yield (
            SSHCluster(
                op=operation(cluster, fleet, run),
                options=options,
                target=NEW,
                release=None,
                own=False,
                clock=QuickClock(),
            ),
            trips,
        )


def upgrade(sandbox: SandboxCluster, folder: Path) -> tuple[Upgrade, Trips]:
    """Upgrade rs1, whose release is staged."""
    options = UpgradeOptions(soak=0, soak_rest=0)
    node = Node("rs1", "real_server", 1, OLD, done=("stage",))
    state = Upgrade("run-1", NEW, {"to": "2.0"}, options, (node,), "2026-11-21T00:00:00+00:00")
    cluster = sandbox.cluster
    with actions_on(sandbox, options) as (actions, trips):
        registration.register(cluster, state)
        trips.writes.clear()
        runner = Runner(
            state=state,
            cluster=actions,
            folder=cluster.state_dir,
            pause=state_file.pause_request(cluster.state_dir),
            watch=trips.watch,
            clock=QuickClock(),
        )
        return runner.run(), trips
