"""Actions of a maintenance on a real cluster."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...facts.fact import Answers
from ...facts.gather import gather
from ...facts.gpus import GpusFound
from ...facts.gpus import gpus as gpus_fact
from ...facts.lan.interfaces import INTERFACES
from ...facts.machine.boot_id import BOOT_ID
from ...facts.machine.open_connections import open_connections
from ...model.derived.resolve import gpus_of
from ...model.derived.way_in import way_in
from ...model.edge import Edges
from ...roles.edge.edge import EDGES
from ...transport.base import HostKeyError, Transport, TransportError
from ..cluster_state.look import HostViews, assemble, host_views, look_at
from ..cluster_state.state import ClusterState
from ..cluster_state.tables import holders_of
from ..drain import steps as drain
from ..errors import OperationError
from ..faults.edges import edge_faults
from ..faults.roles import role_faults
from ..faults.shared_folder import shared_folder_faults
from ..rolling.errors import ActionError
from ..rolling_upgrade.ssh.cluster import SSHCluster
from ..rolling_upgrade.ssh.observer import OBSERVE_TIMEOUT, Observer
from ..switchover.edges import switch_edges
from . import host_command
from .host_command import CommandSeen
from .ports import CommandRefusedError, HostIdentityError
from .state import CAUSE
from .work import Work

_REBOOT = (
    # A moment later, so that this connection hears of it, and a director keeps it in mind.
    "setsid sh -c 'sleep 3; systemctl reboot || reboot || shutdown -r now' "
    "</dev/null >/dev/null 2>&1 &"
)
_LOOK_TIMEOUT = 20.0
_BEGIN_TIMEOUT = 60.0
_GPU_TIMEOUT = 60.0
"""Seconds; a driver that nothing holds awake takes a while."""


def holding(observer: Observer) -> frozenset[str]:
    """The directors and edges that hold a VIP. Raises ``ActionError``."""
    inventory, edges = observer.cluster.inventory, observer.cluster.inventory.edges
    with observer.directors:
        observer.fleet.connect(way_in(inventory))
        found = holders_of(inventory, observer.fleet)
    if edges is None:
        return found
    vip = edges.vip.address.ip
    return found | {name for name in edges.hosts if observer.ask(name, INTERFACES).offers(vip)}


@dataclass(slots=True, kw_only=True)
class SSHHosts(SSHCluster):
    """``MaintenanceActions`` over SSH."""

    work: Work
    target: str = field(default="", init=False)
    release: None = field(default=None, init=False)
    own: bool = field(default=True, init=False)

    def holders(self) -> frozenset[str]:
        return holding(self)

    @property
    def hook_facts(self) -> dict[str, Any]:
        return {"reason": self._why}

    @property
    def _why(self) -> str:
        return f"maintenance: {self.work}"[:500]

    def ask_hooks(self, host: str) -> None:
        self.ask_before_drain(host)

    def drain(self, host: str, reason: str) -> None:
        def take_out() -> None:
            drain.take_out(
                self.op,
                host,
                reason=self._why,
                cause=CAUSE,
                force=self.options.force,
                asks=False,
            )

        with self._at_directors():
            self._when_free(take_out)

    def boot_id(self, host: str) -> str:
        with self._known(host):
            return self.ask(host, BOOT_ID, _LOOK_TIMEOUT)

    def gpus(self, host: str) -> GpusFound | None:
        inventory = self.cluster.inventory
        question = gpus_fact(gpus_of(inventory, host), python=str(inventory.app.base_python))
        return self.ask(host, question, _GPU_TIMEOUT)

    def begin_command(self, host: str, key: str) -> None:
        begin = {"begin": host_command.begin(key, self.work, self.op.run.holder)}
        done = self.observe(host, begin, _BEGIN_TIMEOUT)["begin"]
        if done.status:
            said = (done.stdout + done.stderr).strip()[-300:]
            raise CommandRefusedError(f"it could not be begun: {said or f'status {done.status}'}")

    def command(self, host: str, key: str, offset: int) -> CommandSeen:
        with self._known(host):
            fragment = {"look": host_command.look(key, offset)}
            found = self.observe(host, fragment, _LOOK_TIMEOUT)["look"]
        try:
            return host_command.parse_look(found)
        except ValueError as error:
            raise ActionError(str(error)) from None

    def reboot(self, host: str) -> None:
        self.op.run.journal.write("reboot", host=host)
        self._do(host, _REBOOT, _LOOK_TIMEOUT)

    def not_back(self, host: str, boot: str) -> str:
        try:
            now = self.boot_id(host)
        except HostIdentityError:
            raise
        except ActionError as error:
            return str(error)
        return "" if now and now != boot else "it has not gone down yet"

    def hand_over(self, host: str) -> str | None:
        if host not in self.cluster.inventory.directors.hosts:
            return None
        # Not super(): a class with slots is made anew by its decorator.
        return SSHCluster.hand_over(self, host)

    def leave_edge(self, host: str) -> str | None:
        edges = self._edges()
        if len(edges.hosts) == 1:
            return None
        with self.directors:
            if host in holding(self):
                try:
                    return switch_edges(self.op).new
                except (OperationError, TransportError) as error:
                    raise ActionError(str(error)) from None
            wrong = self._wrong_edges([name for name in edges.hosts if name != host])
        if wrong and not self.options.force:
            raise ActionError("not now: " + "; ".join(wrong))
        return None

    def open_connections(self, host: str) -> int:
        ports = [self._edges().port]
        if self.cluster.inventory.tls:
            ports.append(self.cluster.inventory.tls.port)
        return self.ask(host, open_connections(ports))

    def role_trouble(self, host: str, roles: Collection[str]) -> str:
        inventory = self.cluster.inventory
        self.boot_id(host)
        if "storage" in roles:
            # What real servers have of it counts as well.
            state = look_at(inventory, self.fleet, self.cluster.record)
        else:
            state = self._look_at_roles(host, roles)
        faults = [fault for fault in role_faults(inventory, state) if fault.host == host]
        if "storage" in roles:
            faults += shared_folder_faults(inventory, state)
        said = [state.unreachable[host]] if host in state.unreachable else []
        return "; ".join([*said, *map(str, faults)])

    def _look_at_roles(self, host: str, roles: Collection[str]) -> ClusterState:
        every = host_views(self.cluster.inventory)[host].by_role
        views = HostViews({key: view for key, view in every.items() if key in roles})

        def look(name: str, transport: Transport) -> Answers:
            return gather(name, transport, views.facts, timeout=OBSERVE_TIMEOUT)

        seen = self.fleet.each([host], look)
        silent = {} if host in seen else {host: str(self.fleet.errors.get(host, "no answer"))}
        return assemble({host: views}, seen, silent, self.cluster.record)

    def _wrong_edges(self, names: Collection[str]) -> list[str]:
        """Say why edges do not do without another one."""
        state = look_at(self.cluster.inventory, self.fleet, self.cluster.record)
        seen = state.others.get(EDGES.key, {})
        wrong = [f"{name}: {why}" for name, why in state.unreachable.items() if name in names]
        wrong += [f"{n}: {text}" for n in names if n in seen for text, _ in seen[n].faults]
        return wrong + [str(fault) for fault in edge_faults(self.cluster.inventory, state)]

    def _edges(self) -> Edges:
        edges = self.cluster.inventory.edges
        if edges is None:
            raise ActionError("the inventory has no edges")
        return edges

    @contextmanager
    def _known(self, host: str) -> Iterator[None]:
        """Raise ``HostIdentityError`` in place of another error where the host's key is wrong."""
        try:
            yield
        except ActionError:
            error = self.fleet.errors.get(host)
            if isinstance(error, HostKeyError):
                raise HostIdentityError(str(error)) from None
            raise
