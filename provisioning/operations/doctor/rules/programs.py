"""Nobody else is at work on what directors and real servers need: IPVS, ports, addresses,
packages."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ....facts.fact import Fact, View
from ....facts.lan.interfaces import INTERFACES, Interfaces
from ....facts.machine.ipvs_owners import VIRTUAL_SERVICES, Service
from ....facts.machine.listeners import Listener, listeners
from ....facts.machine.network_manager import network_manager
from ....facts.machine.networkd import Networkd, networkd
from ....facts.machine.own_upgrades import OWN_UPGRADES, OwnUpgrades
from ....model.address import endpoint
from ....model.derived.resolve import app_services, interface_of
from ....model.inventory import Inventory
from ....model.service import serves
from ....places import APP_SERVICE
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_KUBE = "kube-ipvs0"
_SHOWN = 5


def _ipvs_view(
    inventory: Inventory, name: str
) -> View[tuple[Interfaces, tuple[Service, ...]]] | None:
    if name not in inventory.directors.hosts:
        return None
    facts = (INTERFACES, VIRTUAL_SERVICES)
    return View(facts, lambda seen: (seen[INTERFACES], seen[VIRTUAL_SERVICES]))


def _ipvs(seen: Seen[tuple[Interfaces, tuple[Service, ...]]]) -> Iterator[Finding]:
    vips = {vip.address.ip for vip in seen.inventory.virtual_ips}
    for name, (interfaces, services) in seen.hosts.items():
        others = [one for one in services if one[1] not in vips]
        if not others:
            continue
        listed = ", ".join(f"{p} {endpoint(address, port)}" for p, address, port in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        kube = _KUBE in interfaces.macs
        yield Finding(
            host=name,
            evidence=f"its IPVS table has virtual services of others: {listed}{more}"
            + (f"; there is an interface {_KUBE}" if kube else ""),
            cause=("kube-proxy in IPVS mode made them" if kube else "another program made them")
            + ", and each clears what it does not know: Keepalived at its start (ipvs.flush)",
            fix="have directors of their own"
            if kube
            else "take that program off the director; where they are left of an earlier VIP,"
            " `cluster deploy` clears them",
        )


def _app_ports(inventory: Inventory, name: str) -> list[int]:
    return sorted({one.port for one in app_services(inventory) if serves(one, name)})


def _listeners(inventory: Inventory, name: str) -> Fact[tuple[Listener, ...]] | None:
    ports = _app_ports(inventory, name)
    return listeners(ports) if ports else None


def _ports(seen: Seen[tuple[Listener, ...]]) -> Iterator[Finding]:
    inventory = seen.inventory
    folder = str(inventory.app.directory)
    for name, found in seen.hosts.items():
        for port in _app_ports(inventory, name):
            others = [one for one in found if one.port == port and not _ours(one, folder)]
            if not others:
                continue
            who = others[0]
            unit = f" ({who.unit})" if who.unit else ""
            yield Finding(
                host=name,
                evidence=f"port {port} is taken by {who.program or 'the kernel'}{unit}:"
                f" {who.command[:80] or who.address}",
                cause="the app cannot listen there and does not start",
                fix="stop it there, or give the service another port (`cluster explain"
                " services.port`)",
            )


def _ours(one: Listener, folder: str) -> bool:
    """The app: under systemd by its unit's name, under Supervisor by the folder of its release."""
    return one.unit.startswith(APP_SERVICE) or one.folder.startswith(f"{folder}/")


def _upgrades(seen: Seen[OwnUpgrades]) -> Iterator[Finding]:
    names = [name for name, found in seen.hosts.items() if _upgrades_keepalived(found)]
    if len(names) < 2 or len(names) < len(seen.inventory.directors.hosts):
        return
    yield Finding(
        host="",
        severity=Severity.WARNING,
        evidence=f"{' and '.join(names)} upgrade all packages by themselves, Keepalived among them",
        cause="an upgrade restarts it: the VIP moves, and with bad luck all of them do so at once",
        fix="on all directors but one, name `keepalived` in Unattended-Upgrade::Package-Blacklist"
        " (a file in /etc/apt/apt.conf.d), and upgrade it there after `cluster switchover`",
    )


def _upgrades_keepalived(found: OwnUpgrades) -> bool:
    # They are regular expressions that match from the start.
    return found.on and not any(_matches(one, "keepalived") for one in found.left_alone)


def _matches(pattern: str, name: str) -> bool:
    try:
        return bool(re.match(pattern, name))
    except re.error:
        return fnmatchcase(name, pattern)


def _networkd(seen: Seen[Networkd | None]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found is None or found.keeps in ("yes", "true", "1", "on", "static"):
            continue
        interface = interface_of(seen.inventory, name)
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"systemd-networkd manages {interface} by {found.file}, with"
            f" KeepConfiguration={found.keeps or '(not written)'}",
            cause="when it is restarted, as an upgrade of systemd does, it takes off addresses that"
            " are not its own: the VIP",
            fix=f"write KeepConfiguration=static into [Network] of {found.file} there, then"
            f" {on_host(name, 'networkctl', 'reload')}",
        )


def _manager(seen: Seen[str]) -> Iterator[Finding]:
    for name, connection in seen.hosts.items():
        if not connection:
            continue
        interface = interface_of(seen.inventory, name)
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"NetworkManager keeps {interface} by its connection {connection!r}",
            cause="whenever it sets the connection up anew, after a link that was lost or a change,"
            " it takes off addresses that are not its own: the VIP",
            fix="have the interface set up by ifupdown or systemd-networkd, and tell NetworkManager"
            f" to leave it alone: unmanaged-devices=interface-name:{interface} under [keyfile] in a"
            " file of /etc/NetworkManager/conf.d there",
        )


IPVS_OWNER = Rule("ipvs-owner", _ipvs_view, _ipvs)
PORT_TAKEN = Rule("port-taken", asking(_listeners, "real_servers"), _ports)
OWN_UPGRADES_RULE = Rule(
    "own-upgrades", asking(lambda _inventory, _name: OWN_UPGRADES, "directors"), _upgrades
)
NETWORKD = Rule(
    "networkd-takes-vip",
    asking(lambda inventory, name: networkd(interface_of(inventory, name)), "directors", "edges"),
    _networkd,
)
NETWORK_MANAGER = Rule(
    "networkmanager-takes-vip",
    asking(
        lambda inventory, name: network_manager(interface_of(inventory, name)),
        "directors",
        "edges",
    ),
    _manager,
)
