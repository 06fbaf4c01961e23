"""Rules for a node a card, and for what runs the web process."""

from collections.abc import Iterator

from ..app import Server
from ..derived.nodes import Node, all_nodes, nodes_of
from ..derived.resolve import app_services
from ..derived.slots import card_names
from ..derived.way_in import edges_alone
from ..inventory import Inventory
from ..key_path import KeyPath
from ..service import serves
from .finding import Context, Finding, warning

_PATH: KeyPath = ("app", "per_gpu")
_ITS_OWN = (
    "COSYVOICE_PORT",
    "COSYVOICE_GPUS",
    "COSYVOICE_JOBS_PER_GPU",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_DEVICE_ORDER",
)
_ARGUMENTS = ("--node-name", "--gpus", "--jobs-per-gpu", "--workers", "--spool-dir")
_LAST_PORT = 65535
_LONGEST_NAME = 63


def server(context: Context) -> Iterator[Finding]:
    """Gunicorn runs the app that comes with this program; others start what they like."""
    app = context.inventory.app
    if app.server is Server.GUNICORN and app.source != "builtin":
        yield Finding(
            ("app", "server"),
            "only the app that comes with this program is told: one from elsewhere has options of "
            "its own",
            "remove it, and start Gunicorn in that app's __main__; per_gpu counts for it too",
            app.server.value,
            also=(("app", "source"),),
        )
    if "first_port" in app.model_fields_set and not app.per_gpu:
        yield warning(("app", "first_port"), "counts only with per_gpu", "add per_gpu: true")


def cards(context: Context) -> Iterator[Finding]:
    """The cards of each real server are known, as they are its nodes."""
    inventory = context.inventory
    if not inventory.app.per_gpu:
        return
    for name in inventory.real_servers.hosts:
        if card_names(inventory, name) is None:
            yield Finding(
                _PATH,
                f"how many cards {name} has is not said, so neither are its nodes",
                "write real_servers: {gpus: {count: N}}, or gpus with that host",
                also=(("real_servers",),),
            )
            return


def nodes(context: Context) -> Iterator[Finding]:
    """Their names are short, and nobody else's; their ports exist."""
    inventory = context.inventory
    if not inventory.app.per_gpu:
        return
    for node in all_nodes(inventory):
        host: KeyPath = ("real_servers", "hosts", node.host)
        if node.name in inventory.real_servers.hosts:
            taken: KeyPath = ("real_servers", "hosts", node.name)
            said = f"the node of {node.host} on {node.label} has this name"
            yield Finding(taken, said, "call this real server otherwise", node.name, also=(host,))
        if len(node.name) > _LONGEST_NAME:
            said = f"its node {node.name} has a name of more than {_LONGEST_NAME} characters"
            yield Finding(host, said, "give it a shorter one", node.host)
        if node.port > _LAST_PORT:
            said = f"{node.name} would listen on port {node.port}"
            yield Finding(("app", "first_port"), said, "write a lower one", also=(host,))
            return
        tls = inventory.tls
        if tls and not edges_alone(inventory) and node.port in (tls.port, tls.redirect_port):
            key = "port" if node.port == tls.port else "redirect_port"
            said = f"{node.name} would listen on port {node.port}, where Nginx does (tls.{key})"
            yield Finding(("app", "first_port"), said, "write another", also=(("tls", key),))
            return


def services(context: Context) -> Iterator[Finding]:
    """Directors send to ports that nodes listen on: DR does not translate them."""
    inventory = context.inventory
    if not inventory.app.per_gpu or any(
        card_names(inventory, name) is None for name in inventory.real_servers.hosts
    ):
        return
    for index, service in enumerate(inventory.services):
        if service not in app_services(inventory):
            continue
        lacking = [
            name
            for name in inventory.real_servers.hosts
            if serves(service, name)
            and service.port not in [node.port for node in nodes_of(inventory, name)]
        ]
        if lacking:
            # A default is nowhere in the file.
            written = "port" in service.model_fields_set
            yield Finding(
                ("services", index, "port") if written else _PATH,
                f"directors would send to port {service.port}, and no node of {lacking[0]} listens "
                "there: with per_gpu each has a port of its own",
                f"write services: [{_services(inventory)}]",
                str(service.port) if written else None,
                also=(("services",), _PATH, ("app", "first_port")),
            )
            return


def _services(inventory: Inventory) -> str:
    """The fix: a service for each port, with its real servers where not all have it."""
    by_port: dict[int, list[Node]] = {}
    for node in all_nodes(inventory):
        by_port.setdefault(node.port, []).append(node)
    every = len(inventory.real_servers.hosts)
    return ", ".join(
        f"{{name: {some[0].label}, port: {port}"
        + (f", real_servers: [{', '.join(n.host for n in some)}]" if len(some) < every else "")
        + "}"
        for port, some in by_port.items()
    )


def together(context: Context) -> Iterator[Finding]:
    """Refuse to set for all nodes of a host what is each node's own."""
    inventory = context.inventory
    if not inventory.app.per_gpu:
        return
    for index, argument in enumerate(inventory.app.arguments):
        if (name := argument.partition("=")[0]) in _ARGUMENTS:
            yield _set_already(("app", "arguments", index), name)
    environments: list[tuple[KeyPath, set[str]]] = [
        (("app", "environment"), {*inventory.app.environment}),
        *(
            (("real_servers", "hosts", name, "environment"), {*host.environment})
            for name, host in inventory.real_servers.hosts.items()
        ),
    ]
    for path, names in environments:
        for name in sorted(names & {*_ITS_OWN}):
            yield _set_already((*path, name), name)


def _set_already(path: KeyPath, name: str) -> Finding:
    said = f"{name} is each node's own with per_gpu"
    fix = "remove it: card, port and name of a node follow from per_gpu"
    return Finding(path, said, fix, also=(_PATH,))
