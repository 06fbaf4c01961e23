"""Packets of clients may come, and replies may leave, whatever way they take."""

from collections.abc import Iterator, Sequence

from ....facts.fact import Answers, View
from ....facts.machine.default_routes import DEFAULT_ROUTES, DefaultRoute
from ....facts.machine.kernel_settings import kernel_settings
from ....model.derived.resolve import interface_of
from ....model.inventory import Inventory
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking, in_groups

_BOTH = ("directors", "real_servers")


def _strict_view(inventory: Inventory, name: str) -> View[tuple[bool, Sequence[str]]] | None:
    """True with strict reverse-path filtering; interfaces by which packets leave for elsewhere."""
    if not in_groups(inventory, name, _BOTH):
        return None
    interface = interface_of(inventory, name)
    keys = [f"net/ipv4/conf/{where}/rp_filter" for where in ("all", interface)]
    settings = kernel_settings("rp_filter", keys)

    def combine(seen: Answers) -> tuple[bool, Sequence[str]]:
        values = [int(value) for value in seen[settings].values()]
        routes: tuple[DefaultRoute, ...] = seen[DEFAULT_ROUTES]
        # The greater of both counts; 2 is loose (ip-sysctl, kernel documentation).
        return max(values, default=0) == 1, [route.interface for route in routes]

    return View((settings, DEFAULT_ROUTES), combine)


def _strict(seen: Seen[tuple[bool, Sequence[str]]]) -> Iterator[Finding]:
    for name, (strict, ways) in seen.hosts.items():
        interface = interface_of(seen.inventory, name)
        if not strict or not ways or interface in ways:
            continue
        key = f"net/ipv4/conf/{interface}/rp_filter"
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=f"rp_filter is 1 (strict) on {interface}; the default route leaves by"
            f" {', '.join(ways)}",
            cause=f"packets of clients from other networks that come in by {interface} are dropped,"
            " as the way back to them is another",
            fix=f"{on_host(name, 'sysctl', '-w', f'{key}=2')} makes it loose; a file in"
            " /etc/sysctl.d keeps it so",
        )


def _gateway(seen: Seen[Sequence[DefaultRoute]]) -> Iterator[Finding]:
    hosts, vips = seen.inventory.directors.hosts, seen.inventory.virtual_ips
    places = {host.address: name for name, host in hosts.items()}
    places |= {vip.address.ip: "the VIP" for vip in vips if vip.address.version == 4}
    for name, routes in seen.hosts.items():
        for route in routes:
            if route.gateway in places:
                yield Finding(
                    host=name,
                    evidence=f"its default route goes to {route.gateway}"
                    f" ({places[route.gateway]}) by {route.interface}",
                    cause="replies have the VIP as their source, and a director that holds it"
                    " drops them as forged; with direct routing they go past it",
                    fix="make the network's router its default gateway",
                )


RP_FILTER = Rule("rp-filter", _strict_view, _strict)
_routes = asking(lambda _inventory, _name: DEFAULT_ROUTES, "real_servers")
GATEWAY_IS_DIRECTOR = Rule("gateway-is-director", _routes, _gateway)
