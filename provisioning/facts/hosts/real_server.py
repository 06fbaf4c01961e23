"""State of a real server. Pure but for reading package data."""

from dataclasses import dataclass, field

from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import gpus_of, interface_of, routes_sessions, service_manager_of
from ...model.derived.tls_hosts import tls_hosts
from ...model.inventory import Inventory
from ..app.peers import PEERS
from ..app.service import app_service, one_word
from ..app.status import AppAnswer, AppStatus
from ..cluster_secret import SECRET_CHECKSUM
from ..current_release import current_release
from ..disk_space import Space, mounted_space
from ..fact import Answers, View
from ..gpus import GpusFound, gpus
from ..health_checks import Answer, health_checks
from ..lan.arp_settings import arp_settings
from ..lan.interfaces import INTERFACES, Interfaces
from ..mounts import Mounted, mount_on
from ..served_certificate import ServedCertificate, served_certificate

_PATIENCE = 3
"""Seconds that the file server may take."""


@dataclass(frozen=True, slots=True)
class MountState:
    """The outputs folder as a real server has it. Sizes are bytes."""

    source: str
    fstype: str
    writable: bool
    answers: bool
    """False where the file server did not answer in time."""
    free: int
    size: int


@dataclass(frozen=True, slots=True)
class NodeState:
    """One of several nodes of a real server."""

    port: int
    card: str
    """As CUDA_VISIBLE_DEVICES names it."""
    service: str
    """``running``, or the service manager's word instead."""
    app: AppAnswer


@dataclass(frozen=True, slots=True)
class RealServerState:
    """One real server."""

    interfaces: Interfaces
    arp_ignore: int | None
    """Effective value, which is the greater of ``all`` and the interface's; nothing where it
    could not be read."""
    arp_announce: int | None
    service: str
    """``running``, or the service manager's word instead."""
    answers: dict[str, Answer]
    """The health check as the host itself gets it, by endpoint: at its own address and at each
    VIP, for every service."""
    app: AppStatus | None
    """Of all its nodes together."""
    release: str
    """Id of the release that ``current`` points to; empty where there is none."""
    mount: MountState | None
    peers: frozenset[tuple[str, str]] | None = None
    """Name and URL of each node, as its peers file has them; nothing where it was not looked at."""
    secret: str | None = None
    """Checksum of the cluster secret, to be compared with others' and shown nowhere; empty where
    there is none."""
    gpus: GpusFound | None = None
    """Nothing where there is no driver and none is expected."""
    certificate: ServedCertificate | None = None
    """What its clients are shown; nothing without TLS."""

    nodes: dict[str, NodeState] = field(default_factory=dict)
    """Its nodes by name, where it has one a card."""

    @property
    def ready(self) -> bool:
        """True if every answer was as the health check wants it."""
        return all(answer.ok for answer in self.answers.values())


def real_server_view(inventory: Inventory, name: str) -> View[RealServerState]:
    """Facts of a real server. Their combination raises ``InterfacesFormatError``."""
    arp = arp_settings(interface_of(inventory, name))
    manager, nodes = service_manager_of(inventory, name), nodes_of(inventory, name)
    services = {node.name: app_service(manager, node.service) for node in nodes}
    release = current_release(inventory.app.directory)
    checks = health_checks(inventory, name)
    python = str(inventory.app.base_python)
    cards = gpus(gpus_of(inventory, name), python=python)
    routed = (PEERS, SECRET_CHECKSUM) if routes_sessions(inventory) else ()
    mount = _mount_view(inventory)
    tls = inventory.tls if name in tls_hosts(inventory) else None
    shown = served_certificate(tls, python) if tls else None
    encrypted = (shown,) if shown else ()

    def combine(seen: Answers) -> RealServerState:
        return RealServerState(
            interfaces=seen[INTERFACES],
            arp_ignore=seen[arp].ignore,
            arp_announce=seen[arp].announce,
            service=one_word({name: seen[service] for name, service in services.items()}),
            answers=seen[checks].answers,
            app=seen[checks].app.status,
            release=seen[release],
            mount=mount.combine(seen),
            peers=seen[PEERS] if routed else None,
            secret=seen[SECRET_CHECKSUM] if routed else None,
            gpus=seen[cards],
            certificate=seen[shown] if shown else None,
            nodes={
                node.name: NodeState(
                    node.port,
                    node.card,
                    seen[services[node.name]],
                    seen[checks].nodes.get(node.name, AppAnswer(None)),
                )
                for node in nodes
                if node.label
            },
        )

    facts = (
        arp,
        *services.values(),
        release,
        checks,
        cards,
        *routed,
        *encrypted,
        *mount.facts,
        INTERFACES,
    )
    return View(facts, combine)


def _mount_view(inventory: Inventory) -> View[MountState | None]:
    """Facts of the outputs folder; none where the inventory has no storage."""
    if inventory.storage is None:
        return View((), lambda _: None)
    target = str(inventory.storage.mount_point)
    mount, space = mount_on(target), mounted_space(target, patience=_PATIENCE)
    return View((mount, space), lambda seen: _mount(seen[mount], seen[space]))


def _mount(mounted: Mounted | None, space: Space) -> MountState | None:
    if mounted is None:
        return None
    return MountState(
        mounted.source,
        mounted.fstype,
        mounted.writable,
        answers=space.answers,
        free=space.free,
        size=space.size,
    )
