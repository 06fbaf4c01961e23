"""A fake cluster whose hosts have commands and boots as well."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from provisioning.engine.fleet import Fleet
from provisioning.facts.gpus import Card, GpusFound
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.maintain import registration
from provisioning.operations.maintain.commands import Abort, Begin, MaintenanceCommand, Resume
from provisioning.operations.maintain.host_command import CommandSeen
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.planned import Planned
from provisioning.operations.maintain.ports import HostIdentityError
from provisioning.operations.maintain.result import MaintenanceResult
from provisioning.operations.maintain.state import HostState, Maintenance
from provisioning.operations.maintain.state_machine import Choice
from provisioning.operations.maintain.work import Work
from provisioning.operations.operation import Operation
from provisioning.operations.rolling.errors import ActionError
from provisioning.operations.rolling.events import RunEvent, Watcher
from provisioning.operations.rolling.result import Outcome
from provisioning.operations.rolling.snapshot import ClusterSnapshot
from tests.operations.operating import operation
from tests.operations.rolling_upgrade.fake_cluster import (
    Cut,
    EventRecorder,
    FakeClock,
    FakeCluster,
    FakeNode,
)


def card(index: int = 0, **fields: Any) -> Card:
    """A card that is well."""
    known: dict[str, Any] = dict.fromkeys(Card.__slots__)
    known |= {"index": index, "name": "H200", "uuid": "", "recovery": "", "lost": "", "mig": 0}
    return Card(**{**known, "throttling": (), "xids": (), **fields})


def driver(version: str, *cards: Card) -> GpusFound:
    return GpusFound(version, "12.4", cards, "", ())


@dataclass
class FakeHosts(FakeCluster):
    """The hands of a maintenance."""

    boots: dict[str, int] = field(default_factory=dict)
    ran: dict[str, list[str]] = field(default_factory=dict)
    """Keys of the commands that each host began."""
    ends: Callable[[str], CommandSeen | None] = lambda host: CommandSeen("ended", 0, b"")
    """End of a host's command; None is one that goes on."""
    says: bytes = b""
    driver_of: Callable[["FakeHosts", str], GpusFound | None] = lambda cluster, host: None
    away_for: dict[str, int] = field(default_factory=dict)
    """Looks for which a host is away after a reboot."""
    wrong_key: set[str] = field(default_factory=set)
    edges: dict[str, bool] = field(default_factory=dict)
    """True for an edge that holds the VIP."""
    connections: dict[str, int] = field(default_factory=dict)
    role_faults: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)

    def look(self, at_most: float = 0.0) -> ClusterSnapshot:
        return replace(FakeCluster.look(self), unreachable=dict(self.unreachable))

    def holders(self) -> frozenset[str]:
        both = {**self.directors, **self.edges}
        return frozenset(host for host, holds in both.items() if holds)

    def boot_id(self, host: str) -> str:
        self._do("boot id", host)
        return f"boot-{self.boots.get(host, 1)}"

    def gpus(self, host: str) -> GpusFound | None:
        return self.driver_of(self, host)

    def begin_command(self, host: str, key: str) -> None:
        self._do("begin", host)
        assert host not in self.nodes or not self.nodes[host].up, f"a command below {host}'s app"
        assert host not in self.holders(), f"a command on {host} while it held the VIP"
        if key not in self.ran.setdefault(host, []):
            self.ran[host].append(key)

    def command(self, host: str, key: str, offset: int) -> CommandSeen:
        self._do("command", host)
        if host in self.wrong_key:
            raise HostIdentityError("its key is another one")
        if key not in self.ran.get(host, []):
            return CommandSeen("absent", None, b"")
        end = self.ends(host)
        said = self.says[offset : offset + 7]
        return replace(end or CommandSeen("running", None, b""), output=said)

    def reboot(self, host: str) -> None:
        self._do("reboot", host)
        assert host not in self.holders(), f"{host} rebooted while it held the VIP"
        self.boots[host] = self.boots.get(host, 1) + 1
        if host in self.nodes:
            assert self.nodes[host].weight == 0, f"{host} rebooted while clients were sent to it"
            self.nodes[host].up = True
            self.nodes[host].started = self.clock.now()

    def not_back(self, host: str, boot: str) -> str:
        if host in self.wrong_key:
            raise HostIdentityError("its key is another one")
        if self.away_for.get(host, 0):
            self.away_for[host] -= 1
            return "no route to host"
        return "" if f"boot-{self.boots.get(host, 1)}" != boot else "it has not gone down yet"

    def leave_edge(self, host: str) -> str | None:
        self._do("leave edge", host)
        if not self.edges[host]:
            return None
        other = next(name for name in self.edges if name != host)
        self.edges[host], self.edges[other] = False, True
        return other

    def open_connections(self, host: str) -> int:
        left = self.connections.get(host, 0)
        self.connections[host] = max(0, left - 1)
        return left

    def role_trouble(self, host: str, roles: Collection[str]) -> str:
        self._do("prove", host)
        return self.role_faults.get(host, "")


class Dialogue:
    """A ``MaintenanceDialogue`` that agrees, and remembers."""

    def __init__(self, recorder: EventRecorder | None = None, choice: Choice = "failed") -> None:
        self.recorder = recorder or EventRecorder()
        self.choice, self.asked = choice, list[str]()
        self.planned: Planned | None = None
        self.result: MaintenanceResult | None = None

    def confirm(self, planned: Planned) -> None:
        self.planned = planned

    def decide(self, host: HostState, folder: str) -> Choice:
        self.asked.append(host.host)
        return self.choice

    @contextmanager
    def watching(self, state: Maintenance) -> Iterator[Watcher]:
        yield self.recorder

    def report(self, result: MaintenanceResult) -> None:
        self.result = result

    def complain(self, text: str) -> None:
        raise AssertionError(text)


UPGRADE = Work(run="apt-get -y upgrade", reboot=True)
QUICK = MaintenanceOptions(soak=9, soak_rest=3)
_MORE = {
    "edges": {"vip": "192.0.2.99", "hosts": {"edge1": "192.0.2.31", "edge2": "192.0.2.32"}},
    "storage": {"hosts": {"nas1": "192.0.2.41"}},
    "monitoring": {"hosts": {"mon1": "192.0.2.61"}},
}


@dataclass
class Shop:
    """A cluster of some real servers and two directors, with its folder."""

    folder: Path
    hosts: FakeHosts = field(init=False)
    inventory: Inventory = field(init=False)
    more: Sequence[str] = ()
    count: int = 3
    """Real servers."""

    def __post_init__(self) -> None:
        numbers = range(1, self.count + 1)
        nodes = {f"rs{n}": FakeNode(weight=100, full=100) for n in numbers}
        edges = {"edge1": True, "edge2": False} if "edges" in self.more else {}
        self.hosts = FakeHosts(nodes, FakeClock(), edges=edges)
        content: dict[str, Any] = {
            "vip": "192.0.2.100/24",
            "interface": "eth0",
            "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
            "real_servers": {"hosts": {f"rs{n}": f"192.0.2.{100 + n}" for n in numbers}},
        }
        self.inventory = Inventory.model_validate(content | {k: _MORE[k] for k in self.more})
        (self.folder / "inventory.yaml").write_text("name: shop\n")

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.inventory, self.folder / "inventory.yaml")

    @property
    def state(self) -> Maintenance:
        """The state that the cluster remembers."""
        found = registration.load(self.cluster)
        assert found is not None
        return found

    def begin(
        self,
        dialogue: Dialogue | None = None,
        *hosts: str,
        work: Work = UPGRADE,
        options: MaintenanceOptions = QUICK,
    ) -> Outcome:
        """A new maintenance, to its end; of the real servers where nothing else is said."""
        names = hosts or tuple(self.hosts.nodes)
        return self._do(Begin(hosts=names, work=work, how=options, **self._proof()), dialogue)

    def resume(
        self, dialogue: Dialogue | None = None, *, retry: bool = False, **given: Any
    ) -> Outcome:
        return self._do(Resume(given=given, retry=retry, **self._proof()), dialogue)

    def abort(self, dialogue: Dialogue | None = None) -> Outcome:
        return self._do(Abort(given={}, **self._proof()), dialogue)

    def cut_at(self, host: str, phase: str) -> Dialogue:
        """A dialogue with which the control process is gone as a phase of a host begins."""

        def cut(event: RunEvent) -> None:
            if (event.kind, event.host, event.phase) == ("phase", host, phase):
                raise Cut

        return Dialogue(EventRecorder(then=cut))

    def _proof(self) -> dict[str, Any]:
        def actions(op: Operation, work: Work, options: MaintenanceOptions) -> FakeHosts:
            return self.hosts

        return {
            "verifies": False,
            "hooks": (),
            "actions": actions,
            "clock": lambda: self.hosts.clock,
        }

    def _do(self, command: MaintenanceCommand, dialogue: Dialogue | None) -> Outcome:
        def nobody(name: str) -> Any:
            raise ActionError(name)

        op = operation(self.cluster, Fleet(nobody, forks=4))
        try:
            return command.execute(op, dialogue or Dialogue())
        finally:
            op.run.journal.close()
