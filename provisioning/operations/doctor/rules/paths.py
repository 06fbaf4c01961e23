"""Packets as large as the interfaces of two hosts send come through between them."""

from collections.abc import Iterator

from ....facts.fact import Fact
from ....facts.machine.path_sizes import PathSizes, path_sizes
from ....model.address import IPAddress
from ....model.derived.resolve import all_hosts, groups, interface_of
from ....model.inventory import Inventory
from ..finding import Finding, on_host
from ..rule import Rule, Seen, asking

_SHOWN = 3
_TO = {
    "directors": ("directors", "real_servers"),
    "real_servers": ("directors", "storage"),
    "storage": ("directors",),
}
"""Groups whose hosts are sent to, by the sender's."""
_MOST = 64
"""Hosts that one sends to: each is sent to by other groups as well."""


def _targets(inventory: Inventory, name: str) -> dict[IPAddress, str]:
    """Hosts that a host sends to, by address."""
    own = all_hosts(inventory)[name].address
    known = groups(inventory)
    found: dict[IPAddress, str] = {}
    for key, wanted in _TO.items():
        if key not in known or name not in known[key].hosts:
            continue
        for other in (one for group in wanted if group in known for one in known[group].hosts):
            address = all_hosts(inventory)[other].address
            if other != name and address != own:
                found.setdefault(address, other)
    return dict(list(found.items())[:_MOST])


def _question(inventory: Inventory, name: str) -> Fact[PathSizes] | None:
    targets = _targets(inventory, name)
    return path_sizes(interface_of(inventory, name), list(targets)) if targets else None


def _judge(seen: Seen[PathSizes]) -> Iterator[Finding]:
    mtus = {name: found.mtu for name, found in seen.hosts.items()}
    narrow = {
        frozenset((name, other)): found.mtu
        for name, found in seen.hosts.items()
        for address, other in _targets(seen.inventory, name).items()
        # A host that takes less itself is a finding of another rule.
        if found.words[address] == "small" and mtus.get(other, 0) >= found.mtu
    }
    while narrow:
        among = [name for pair in narrow for name in pair]
        name = max(all_hosts(seen.inventory), key=among.count)
        pairs = [pair for pair in narrow if name in pair]
        others = sorted({other for pair in pairs for other in pair if other != name})
        yield _finding(seen.inventory, name, others, min(narrow[pair] for pair in pairs))
        for pair in pairs:
            del narrow[pair]


def _finding(inventory: Inventory, name: str, others: list[str], mtu: int) -> Finding:
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    interface = interface_of(inventory, name)
    lower = on_host(name, "ip", "link", "set", "dev", interface, "mtu", "1500")
    return Finding(
        host=name,
        evidence=f"packets of {mtu} bytes get no answer between it and"
        f" {', '.join(others[:_SHOWN])}{more}, which all have that MTU; small ones do",
        cause="something between them takes less and does not say so: connections come about, and"
        " hang as soon as they carry much (uploads, audio, NFS)",
        fix=f"set the MTU of the switch's port, bridge or tunnel to {mtu} at least; or that of all"
        f" hosts to what does pass, as {lower}, and in the configuration of their networks",
    )


PATH_MTU = Rule("path-mtu", asking(_question, "directors", "real_servers", "storage"), _judge)
