"""The role of the log host: what takes the lines of all hosts, and what removes old ones. Pure."""

from importlib import resources

from ...model.derived.log_peers import peer_name
from ...model.derived.resolve import managed_hosts, service_manager_of
from ...model.groups import managed_groups
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...model.watching.logs import Logs
from ...places import (
    LOG_FOLDER,
    LOG_GATE,
    LOG_KEEPER,
    LOG_KEEPER_PROGRAM,
    LOG_SENDER,
    LOG_STORE,
    LOG_STORE_CONF,
)
from ...resources.base import Postcondition, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ...resources.package import Packages
from ...resources.service import Service, restart
from ..deployment import Deployment
from ..machines import Machines
from ..network import address_requirement
from ..opening import Opening, own_networks
from ..part import RolePart
from ..programs import manager_requirement, manager_resources
from ..question import Question
from ..rendering import RenderedFile
from ..role import Log, Role
from ..role_host import RoleHost
from .outputs import log_outputs
from .own_log import service_log
from .tls import CERTIFICATE, KEY, TRUSTED, VALIDATE, log_tls
from .view import log_host_view

_GIB = 1 << 30


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of the log host, in the order in which they are applied."""
    host = RoleHost(deployment, name, "logs")
    logs = host.inventory.logs
    assert logs is not None
    again = (restart(LOG_STORE, host.manager),)
    return RolePart(
        (manager_requirement(host.manager), address_requirement(host.inventory, name)),
        (
            Packages(names=("python3", "rsyslog", "rsyslog-relp")),
            *manager_resources(host.manager),
            *log_tls(host, again),
            # What is in it stays when the role is taken off: it is the operator's.
            Directory(path=LOG_FOLDER, mode=0o750),
            File(path=LOG_GATE, content=_program("gate_program.py"), mode=0o755, triggers=again),
            RenderedFile(
                path=LOG_STORE_CONF,
                content=host.render("log-store.conf.j2", **_values(host, logs)),
                validate=VALIDATE,
                triggers=again,
            ),
            host.unit(
                LOG_STORE,
                again,
                port=logs.port,
                conf=LOG_STORE_CONF,
                folder=LOG_FOLDER,
                log=service_log(LOG_STORE, ServiceManager.SUPERVISOR).file,
            ),
            Service(name=LOG_STORE, manager=host.manager),
            *_keeper(host, logs),
            *log_outputs(host, logs),
        ),
        (_listens(host, logs),),
    )


def _values(host: RoleHost, logs: Logs) -> dict[str, object]:
    inventory = host.inventory
    return {
        "folder": LOG_FOLDER,
        "gate": LOG_GATE,
        "address": logs.hosts[host.name].address,
        "port": logs.port,
        "trusted": TRUSTED,
        "certificate": CERTIFICATE,
        "key": KEY,
        "peers": [peer_name(inventory, name) for name in managed_hosts(inventory)],
    }


def _program(name: str) -> str:
    source = resources.files(__package__) / name
    return f"#!/usr/bin/python3\n{source.read_text('utf-8')}"


def _keeper(host: RoleHost, logs: Logs) -> list[Resource]:
    again = (restart(LOG_KEEPER, host.manager),)
    program = _program("keeper_program.py")
    return [
        File(path=LOG_KEEPER_PROGRAM, content=program, mode=0o755, triggers=again),
        host.unit(
            LOG_KEEPER,
            again,
            script=LOG_KEEPER_PROGRAM,
            folder=LOG_FOLDER,
            days=logs.keep_days,
            size=logs.keep_gib * _GIB,
            log=service_log(LOG_KEEPER, ServiceManager.SUPERVISOR).file,
        ),
        Service(name=LOG_KEEPER, manager=host.manager),
    ]


def _listens(host: RoleHost, logs: Logs) -> Postcondition:
    address = logs.hosts[host.name].address
    program = f'import socket; socket.create_connection(("{address}", {logs.port}), 5)'
    return Postcondition(
        f"port {logs.port} takes the logs of others",
        f"python3 -I -c '{program}' 2>&1 | tail -n 1 | grep . && exit 1 || exit 0",
        30,
        f"see `cluster logs {host.name}`; something else may listen on the port (logs.port)",
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    manager = service_manager_of(inventory, name)
    logs = inventory.logs
    services = (LOG_STORE, LOG_KEEPER, *((LOG_SENDER,) if logs and logs.outputs else ()))
    return tuple(service_log(service, manager) for service in services)


def _openings(inventory: Inventory, name: str) -> list[Opening]:
    """On the log host its port, for every host that has a role."""
    logs = inventory.logs
    if logs is None or name not in logs.hosts:
        return []
    senders = own_networks(inventory, *managed_groups())
    return [Opening(what="logs of the other hosts", ports=(logs.port,), sources=senders)]


LOGS = Role(
    key="logs",
    name="log host",
    order=50,
    part=part,
    view=log_host_view,
    logs=_logs,
    openings=_openings,
    machines=Machines(kind="log host", prefix="log", first=81, memory=256),
    diagnostics={"log-store.txt": f"du -sh {LOG_FOLDER}/* | tail -n 200; df -h {LOG_FOLDER}"},
    question=Question(
        key="logs",
        option="--log-host",
        help="The machine that keeps the logs of all; or none.",
        metavar="[NAME=]ADDRESS|none",
        text="Host that keeps the logs of all, or none",
        more="One host that keeps the lines of all, those of dead ones too. Any but a director "
        "(docs/logs.md).",
        prefix="log",
        comment="# The machine that keeps the logs of all hosts, those of dead ones too.\n",
        several=False,
        optional=True,
    ),
)
"""Last: nobody waits for it, and what is sent to it before waits on the hosts' disks."""
