"""The app on a real server: its files, its release, its service."""

from typing import Literal

from ...model.derived.nodes import nodes_of
from ...model.derived.resolve import is_ipv4
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...places import APP_ENV, APP_ENV_OF_NODE, APP_SERVICE, APP_STATE, DRAIN_FILE
from ...resources import supervisor
from ...resources.base import Handler, Resource
from ...resources.current_release import CurrentRelease
from ...resources.directory import Directory
from ...resources.flag_file import FlagFile
from ...resources.release import Release
from ...resources.service import Service, restart
from ..programs import unit_path
from ..rendering import RenderedFile
from ..role_host import RoleHost
from .artifacts import artifacts
from .environment import environment, node_environment
from .session_routing import session_routing

_PRIVILEGED = 1024
"""Ports below it are for root, or who has CAP_NET_BIND_SERVICE (capabilities(7))."""


def drain_flag(runtime: Runtime, name: str) -> FlagFile:
    """Flag file by which the app knows whether it is drained."""
    drain = runtime.drains.get(name)
    return FlagFile(path=DRAIN_FILE, content=f"{drain}\n" if drain else None)


def app(host: RoleHost) -> list[Resource]:
    """Folders, files, release and service, in this order."""
    nodes = nodes_of(host.inventory, host.name)
    again = tuple(restart(node.service, host.manager) for node in nodes)
    values = _values(host)
    release = _release(host, again)
    services = [Service(name=node.service, manager=host.manager) for node in nodes]
    return [
        *_folders(host),
        *_files(host, values, again),
        *release,
        _unit(host, values, again),
        *(services if release else ()),
    ]


def _unit(host: RoleHost, values: dict[str, object], again: tuple[Handler, ...]) -> Resource:
    """The nodes as the service manager knows them: with one a card, Supervisor's group or a
    template of systemd's."""
    if not host.inventory.app.per_gpu or host.manager is ServiceManager.SUPERVISOR:
        return host.unit(APP_SERVICE, again, **values)
    return RenderedFile(
        path=unit_path(f"{APP_SERVICE}@", host.manager),
        content=host.render(f"{APP_SERVICE}.service.j2", **values),
        triggers=again,
    )


def _values(host: RoleHost) -> dict[str, object]:
    inventory = host.inventory
    nodes = nodes_of(inventory, host.name)
    ports = [port for node in nodes for port in node.ports]
    return {
        "app": inventory.app,
        "env_file": APP_ENV,
        "run_script": _run_script(inventory),
        # On the VIP and the RIP, and whatever else the operator has there.
        "host": _listens(inventory, host.name),
        "ports": ports,
        "trusted_proxies": _trusted_proxies(inventory),
        "privileged": any(port < _PRIVILEGED for port in ports),
        "environment": environment(inventory, host.name),
        "nodes": nodes,
        "log_writer": _log_writer(host),
        "supervisor_socket": supervisor.SOCKET,
    }


def _log_writer(host: RoleHost) -> Literal["supervisor", "app", "other"]:
    """``supervisor`` or ``app``, who goes on in a new file once the old one was renamed;
    ``other`` where nobody is known to."""
    if host.manager is ServiceManager.SUPERVISOR:
        return "supervisor"
    return "app" if host.inventory.app.source == "builtin" else "other"


def _listens(inventory: Inventory, name: str) -> str:
    own = inventory.real_servers.hosts[name].address
    ipv4 = all(map(is_ipv4, inventory.virtual_ips)) if inventory.virtual_ips else own.version == 4
    return "0.0.0.0" if ipv4 else "::"  # nosec B104


def _trusted_proxies(inventory: Inventory) -> str:
    """Addresses of the edges, behind those that the app trusts by itself; empty without edges. An
    app from elsewhere is not told."""
    if inventory.edges is None or inventory.app.source != "builtin":
        return ""
    edges = inventory.edges.hosts.values()
    own = [address for host in edges for address in (host.address, host.address6) if address]
    return ",".join(map(str, ("127.0.0.1", "::1", *own)))


def _run_script(inventory: Inventory) -> str:
    return f"{inventory.app.directory}/run.sh"


def _folders(host: RoleHost) -> list[Resource]:
    user = host.inventory.app.user
    return [
        Directory(path=str(host.inventory.app.directory)),
        Directory(path="/etc/cosyvoice"),
        drain_flag(host.runtime, host.name),
        Directory(path="/var/log/cosyvoice", group=user, mode=0o750),
        Directory(path=APP_STATE, owner=user, group=user, mode=0o700),
        *(
            Directory(path=f"{APP_STATE}/{node.label}", owner=user, group=user, mode=0o700)
            for node in nodes_of(host.inventory, host.name)
            if node.label
        ),
    ]


def _files(host: RoleHost, values: dict[str, object], again: tuple[Handler, ...]) -> list[Resource]:
    return [
        # Owned by root and not writable for the app, so that a break-in there changes no script.
        host.script(_run_script(host.inventory), "run.sh.j2", again, **values),
        *session_routing(host, again),
        RenderedFile(
            path=APP_ENV,
            content=host.render("app.env.j2", **values),
            mode=0o640,
            group=host.inventory.app.user,
            # The environment is where keys and tokens go.
            sensitive=True,
            triggers=again,
        ),
        *(
            RenderedFile(
                path=APP_ENV_OF_NODE.format(node.label),
                content=host.render(
                    "app.env.j2", environment=node_environment(host.inventory, node)
                ),
                mode=0o640,
                group=host.inventory.app.user,
                triggers=(restart(node.service, host.manager),),
            )
            for node in nodes_of(host.inventory, host.name)
            if node.label
        ),
        RenderedFile(
            path="/etc/logrotate.d/cosyvoice", content=host.render("logrotate.j2", **values)
        ),
    ]


def _release(host: RoleHost, again: tuple[Handler, ...]) -> list[Resource]:
    """The release and the link to it. A host that was rolled back stays with what it has."""
    release, pin = host.deployment.release, host.runtime.pins.get(host.name)
    if release is None and pin is None:
        return []
    app = host.inventory.app
    name = pin.release if pin else release.id if release else ""
    brought = release if release and name == release.id else None
    return [
        *artifacts(host),
        Release(
            directory=str(app.directory),
            name=name,
            archive=brought.data if brought else None,
            keep=app.keep_releases,
            python=str(app.base_python),
            about=brought.about if brought else "",
            environment=brought.environment if brought else None,
        ),
        CurrentRelease(directory=str(app.directory), name=name, triggers=again),
    ]
