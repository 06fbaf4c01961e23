"""Rules for central logs: one host, which is not a director, and a port of its own."""

from collections.abc import Iterator

from ..key_path import KeyPath
from .finding import Context, Finding

_HOSTS: KeyPath = ("logs", "hosts")


def hosts(context: Context) -> Iterator[Finding]:
    """One, so that there is one place to look, and none that the VIPs depend on."""
    if (logs := context.inventory.logs) is None:
        return
    names = list(logs.hosts)
    if not names:
        fix = "write logs: {hosts: {log1: ADDRESS}}, or remove logs"
        yield Finding(_HOSTS, "there is no log host", fix)
    if len(names) > 1:
        text = f"{' and '.join(names)}: hosts send to one log host"
        yield Finding(_HOSTS, text, f"keep {names[0]}", ", ".join(names))
    for name in names:
        if name in context.inventory.directors.hosts:
            yield Finding(
                (*_HOSTS, name),
                f"{name} is a director as well, and a full disk there would be everybody's trouble",
                "use a host of its own, or a storage host",
                name,
                also=(("directors", "hosts", name),),
            )


def own_port(context: Context) -> Iterator[Finding]:
    """The port is nobody else's."""
    inventory = context.inventory
    if (logs := inventory.logs) is None:
        return
    others = {22: "SSH has", 2049: "NFS has"}
    if inventory.spreading.port is not None:
        others[inventory.spreading.port] = "spreading has"
    others |= {one.port: f"services[{at}] has" for at, one in enumerate(inventory.services)}
    if user := others.get(logs.port):
        yield Finding(("logs", "port"), f"{user} port {logs.port}", "write another, such as 2514")
