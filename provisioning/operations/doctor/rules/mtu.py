"""Directors and real servers send packets of one size, and directors pass them on as they came."""

from collections.abc import Iterator

from ....facts.fact import Answers, View
from ....facts.machine.large_receive import large_receive
from ....facts.machine.links import LINKS
from ....model.derived.resolve import interface_of
from ....model.inventory import Inventory
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking, in_groups


def _view(inventory: Inventory, name: str) -> View[int] | None:
    """The MTU of the interface on the cluster's network; 0 where it is not there."""
    if not in_groups(inventory, name, ("directors", "real_servers")):
        return None
    interface = interface_of(inventory, name)

    def combine(seen: Answers) -> int:
        link = seen[LINKS].get(interface)
        return link.mtu if link else 0

    return View((LINKS,), combine)


def _judge(seen: Seen[int]) -> Iterator[Finding]:
    mtus = {name: mtu for name, mtu in seen.hosts.items() if mtu}
    if len(set(mtus.values())) < 2:
        return
    directors = [mtu for name, mtu in mtus.items() if name in seen.inventory.directors.hosts]
    usual = max(mtus.values(), key=list(mtus.values()).count)
    listed = ", ".join(f"{name} {mtu}" for name, mtu in mtus.items())
    for name, mtu in mtus.items():
        if mtu == usual:
            continue
        director = name in seen.inventory.directors.hosts
        narrow = mtu < usual if director else mtu > min(directors, default=mtu)
        interface = interface_of(seen.inventory, name)
        yield Finding(
            host=name,
            severity=Severity.ERROR if narrow else Severity.WARNING,
            evidence=f"{interface} has an MTU of {mtu}; {listed}",
            cause="a director drops what is too large for it, and uploads hang: clients send"
            " packets of the size that the real server tells them"
            if narrow
            else "large packets between the hosts may be lost, small ones never are",
            fix=f"{on_host(name, 'ip', 'link', 'set', 'dev', interface, 'mtu', str(usual))}, and"
            " the same in the configuration of its network",
        )


def _joined(seen: Seen[bool]) -> Iterator[Finding]:
    for name, joined in seen.hosts.items():
        interface = interface_of(seen.inventory, name)
        if joined:
            yield Finding(
                host=name,
                severity=Severity.WARNING,
                evidence=f"{interface} joins packets that come in (LRO, large-receive-offload)",
                cause="a director cannot pass on what is larger than the MTU, and drops it: uploads"
                " are slow or hang",
                fix=f"{on_host(name, 'ethtool', '-K', interface, 'lro', 'off')}, and the same in"
                " the configuration of its network",
            )


MTU = Rule("mtu", _view, _judge)
LARGE_RECEIVE = Rule(
    "large-receive",
    asking(lambda inventory, name: large_receive(interface_of(inventory, name)), "directors"),
    _joined,
)
