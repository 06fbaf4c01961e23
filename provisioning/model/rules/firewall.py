"""The firewall lets in who has to come in, as far as the inventory tells."""

from collections.abc import Iterator
from ipaddress import ip_address

from ..address import IPAddress, IPNetwork
from ..derived.resolve import all_hosts, connection_of, groups, managed_hosts
from ..groups import managed_groups
from ..jump import targets
from ..key_path import KeyPath
from .finding import Context, Finding, warning
from .places import connections

_SSH = ("firewall", "ssh_from")


def jump_hosts(context: Context) -> Iterator[Finding]:
    """The last jump host, from which SSH comes, may come in, where it is written as an address or
    is a host of the inventory. The control machine's own address nobody knows here."""
    firewall = context.inventory.firewall
    if firewall is None or not firewall.ssh_from:
        return
    told = set()
    for path, jump in _jumps(context):
        last = targets(jump)[-1][0]
        addresses = _addresses(context, last)
        if not addresses or last in told or _some_within(addresses, firewall.ssh_from):
            continue
        told.add(last)
        yield Finding(
            _SSH,
            f"the jump host {last} is not in it, and nobody else logs in",
            f"add {addresses[0]}",
            also=(path,),
        )


def _jumps(context: Context) -> Iterator[tuple[KeyPath, str]]:
    for path, connection in connections(context.inventory):
        if connection.jump:
            yield (*path, "jump"), connection.jump


def _addresses(context: Context, name: str) -> list[IPAddress]:
    try:
        return [ip_address(name)]
    except ValueError:
        host = all_hosts(context.inventory).get(name)
    return [one for one in (host.address, host.address6) if one] if host else []


def _some_within(addresses: list[IPAddress], allowed: list[IPNetwork]) -> bool:
    return any(one in network for one in addresses for network in allowed)


def family(context: Context) -> Iterator[Finding]:
    """SSH goes to a host's address, so that it comes from one of the same family."""
    inventory = context.inventory
    firewall = inventory.firewall
    if firewall is None or not firewall.ssh_from:
        return
    allowed = {network.version for network in firewall.ssh_from}
    for name in managed_hosts(inventory):
        own = all_hosts(inventory)[name].address
        connection = connection_of(inventory, name)
        reached = connection.host == str(own) and not connection.jump
        if reached and own.version not in allowed:
            yield Finding(
                _SSH,
                f"{name} is reached at {own}, and no address of IPv{own.version} may log in",
                f"add the control machine's IPv{own.version} address",
            )
            return


def hosts(context: Context) -> Iterator[Finding]:
    """Ports are opened on hosts that there are, and that get a firewall."""
    inventory = context.inventory
    keys = [key for key in groups(inventory) if key in managed_groups()]
    known = {*keys, *managed_hosts(inventory)}
    for number, one in enumerate(inventory.firewall.open if inventory.firewall else ()):
        for place, name in enumerate(one.hosts or ()):
            if name not in known:
                yield Finding(
                    ("firewall", "open", number, "hosts", place),
                    "there is no such group or host with a firewall",
                    f"take {', '.join(keys)}, or the name of a host in them",
                )


def everybody(context: Context) -> Iterator[Finding]:
    """A list in which a network of length 0 stands lets everybody in, which may be meant."""
    firewall = context.inventory.firewall
    for key in ("ssh_from", "metrics_from"):
        for place, network in enumerate(getattr(firewall, key) if firewall else ()):
            if network.prefixlen == 0:
                yield warning(
                    ("firewall", key, place),
                    f"is every address of IPv{network.version}",
                    "write the networks that are meant"
                    + ("; for everybody leave the key out" if key == "ssh_from" else ""),
                )
