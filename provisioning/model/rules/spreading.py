"""Rules for the way in which big files come to real servers."""

from collections.abc import Iterator

from .finding import Context, Finding


def own_port(context: Context) -> Iterator[Finding]:
    """The port is nobody else's."""
    inventory = context.inventory
    port = inventory.spreading.port
    others = {one.port: f"services[{at}] has" for at, one in enumerate(inventory.services)}
    if port is not None and (user := ({22: "SSH has"} | others).get(port)):
        yield Finding(
            ("spreading", "port"),
            f"{user} port {port} on every real server",
            "write another, such as 7859",
        )
