"""Virtual services are told apart by name and port, and have real servers that exist."""

from collections.abc import Iterator
from difflib import get_close_matches

from provisioning.model.rules.finding import Context, Finding, warning


def present(context: Context) -> Iterator[Finding]:
    """There is one."""
    if not context.inventory.services:
        yield Finding(
            ("services",),
            "nothing is balanced",
            "write - port: 7860 below it, or remove the key: that is the default",
        )


def names(context: Context) -> Iterator[Finding]:
    """Distinct."""
    first: dict[str, int] = {}
    for index, service in enumerate(context.inventory.services):
        other = first.setdefault(service.name, index)
        if other != index:
            yield Finding(
                ("services", index, "name"),
                f"services[{other}] is called {service.name} too",
                "give each service a name of its own",
                service.name,
                also=(("services", other, "name"),),
            )


def ports(context: Context) -> Iterator[Finding]:
    """Distinct: of two virtual servers with one address and port, Keepalived keeps one and says
    nothing."""
    first: dict[int, int] = {}
    for index, service in enumerate(context.inventory.services):
        other = first.setdefault(service.port, index)
        if other != index:
            yield Finding(
                ("services", index, "port"),
                f"services[{other}] has port {service.port} on the same VIPs",
                "give each service a port of its own",
                str(service.port),
                also=(("services", other, "port"),),
            )


def real_servers(context: Context) -> Iterator[Finding]:
    """Named ones are in the inventory, once."""
    known = context.inventory.real_servers.hosts
    for index, service in enumerate(context.inventory.services):
        path = ("services", index, "real_servers")
        if service.real_servers == []:
            yield Finding(
                path,
                "no real server serves it",
                "name some, or remove the key: then all of them do",
            )
        for place, name in enumerate(service.real_servers or []):
            if name not in known:
                close = get_close_matches(name, known, 1)
                yield Finding(
                    (*path, place),
                    f"there is no real server {name}",
                    f"did you mean {close[0]}?" if close else "write it under real_servers: hosts:",
                    name,
                    ", ".join(known),
                    also=(("real_servers", "hosts"), ("real_servers", "hosts", name)),
                )
            elif service.real_servers and name in service.real_servers[:place]:
                yield warning((*path, place), f"{name} is named twice", "remove one", name)
