"""Resources that send a host's logs to the log host. Pure."""

from dataclasses import dataclass

from ..model.derived.log_peers import peer_name
from ..model.hosts import ServiceManager
from ..model.inventory import Inventory
from ..model.watching.logs import Logs
from ..places import (
    LOG_KEEPER,
    LOG_SENDER,
    LOG_SHIPPER,
    LOG_SHIPPER_AGAIN,
    LOG_SHIPPER_CONF,
    LOG_SHIPPER_REWIND,
    LOG_SHIPPER_STATE,
    LOG_STORE,
)
from ..resources.base import Resource
from ..resources.package import Packages
from ..resources.service import Service, restart
from ..resources.spool_folder import SpoolFolder
from .deployment import Deployment
from .logs.own_log import service_log
from .logs.tls import CERTIFICATE, KEY, TRUSTED, VALIDATE, log_tls
from .part import RolePart
from .programs import manager_resources
from .registry import roles_of
from .rendering import RenderedFile
from .role import Log
from .role_host import RoleHost

_OWN = (LOG_STORE, LOG_KEEPER, LOG_SENDER)
"""Logs about the logs stay where they are: sending them makes more of them."""
_PIECE = 1 << 20
"""Bytes of a file that are read again: more than the 2,000 lines that a shipper has in memory."""
HEARTBEAT = 30
"""Seconds between lines by which a log host knows that a shipper lives. Such a line also makes a
shipper connect again that has nothing else to send: until then RELP keeps what was not
acknowledged to itself."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A service whose log is in the journal."""

    service: str

    @property
    def name(self) -> str:
        """As the journal has it."""
        return f"{self.service}.service"


def shipping(deployment: Deployment, name: str) -> list[RolePart]:
    """Resources of a host of any role; nothing without a log host, or for a host without a role."""
    logs = deployment.inventory.logs
    if logs is None or not roles_of(deployment.inventory, name):
        return []
    host = RoleHost(deployment, name, "logs")
    again = (restart(LOG_SHIPPER, host.manager),)
    return [
        RolePart(
            (),
            (
                Packages(names=("rsyslog", "rsyslog-relp")),
                *manager_resources(host.manager),
                *log_tls(host, again),
                SpoolFolder(path=LOG_SHIPPER_STATE, mode=0o700),
                host.script(LOG_SHIPPER_AGAIN, "shipper-again.j2", again),
                host.script(
                    LOG_SHIPPER_REWIND,
                    "shipper-rewind.j2",
                    again,
                    state=LOG_SHIPPER_STATE,
                    piece=_PIECE,
                ),
                *_configuration(host, logs),
                host.unit(
                    LOG_SHIPPER,
                    again,
                    rewind=LOG_SHIPPER_REWIND,
                    conf=LOG_SHIPPER_CONF,
                    state=LOG_SHIPPER_STATE,
                    log=service_log(LOG_SHIPPER, ServiceManager.SUPERVISOR).file,
                ),
                Service(name=LOG_SHIPPER, manager=host.manager),
            ),
            (),
        )
    ]


def shipped_logs(inventory: Inventory, name: str) -> list[Log]:
    """The logs of a host's roles that are sent."""
    every = [log for role in roles_of(inventory, name) for log in role.logs(inventory, name)]
    return [log for log in dict.fromkeys(every) if log.service not in _OWN]


def _configuration(host: RoleHost, logs: Logs) -> list[Resource]:
    wanted = shipped_logs(host.inventory, host.name)
    (store, log_host), *_ = logs.hosts.items()
    content = host.render(
        "log-shipper.conf.j2",
        node=host.name,
        state=LOG_SHIPPER_STATE,
        address=log_host.address,
        port=logs.port,
        spool=logs.spool_mib,
        peer=peer_name(host.inventory, store),
        files=[log for log in wanted if log.file is not None],
        units=[Unit(log.service) for log in wanted if log.file is None],
        journal=host.manager is ServiceManager.SYSTEMD,
        trusted=TRUSTED,
        certificate=CERTIFICATE,
        key=KEY,
        heartbeat=HEARTBEAT,
        again=LOG_SHIPPER_AGAIN,
    )
    return [
        RenderedFile(
            path=LOG_SHIPPER_CONF,
            content=content,
            validate=VALIDATE,
            triggers=(restart(LOG_SHIPPER, host.manager),),
        )
    ]
