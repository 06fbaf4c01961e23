"""TLS on edges: a port beside the one in clear text, and a certificate for their names."""

from collections.abc import Iterator

from ...derived.resolve import routes_sessions
from ...derived.way_in import edges_alone
from ...tls.certificate import uncovered
from ..finding import Context, Finding


def port(context: Context) -> Iterator[Finding]:
    """Refuse one port for both clear text and TLS."""
    tls, edges = context.inventory.tls, context.inventory.edges
    if tls is None or edges is None or edges.port != tls.port:
        return
    yield Finding(
        ("edges", "port"),
        f"is the port of TLS, {tls.port}, on which edges answer in any case",
        "leave it out, or write another: it answers in clear text, with a redirect",
        str(edges.port),
        also=(("tls", "port"),),
    )


def names(context: Context) -> Iterator[Finding]:
    """The certificate is for the names by which clients ask the edges."""
    tls, edges = context.inventory.tls, context.inventory.edges
    if tls is None or edges is None:
        return
    for index, name in enumerate(edges.names):
        if uncovered(tls.names, [name]):
            yield Finding(
                ("edges", "names", index),
                f"the certificate need not be for {name}: it is not one of tls.names",
                "add it there, and get a certificate that has it",
                name,
                also=(("tls", "names"),),
            )


def secret(context: Context) -> Iterator[Finding]:
    """Edges take a certificate over from the real servers under a secret that these have."""
    inventory = context.inventory
    tls, edges = inventory.tls, inventory.edges
    if tls is None or edges is None or tls.acme is None or routes_sessions(inventory):
        return
    # With more of them the same is said of these; without directors that it is not to be had.
    if not edges_alone(inventory) and len(inventory.real_servers.hosts) == 1:
        yield Finding(
            ("tls", "acme"),
            "edges get the certificate from real servers under their secret, and a single real "
            "server has none",
            "write certificate and key, or add a real server",
            "",
            also=(("edges",),),
        )
