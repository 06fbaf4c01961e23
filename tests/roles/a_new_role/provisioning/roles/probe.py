"""A probe: a script that opens the page through the VIP, kept running. Pure."""

from ..facts.fact import Fact, View, succeeded
from ..model.derived.resolve import app_services, service_manager_of
from ..model.hosts import ServiceManager
from ..model.inventory import Inventory
from ..resources.service import Service, restart
from .deployment import Deployment
from .host_status import Cell, HostStatus
from .machines import Machines
from .network import address_requirement
from .part import RolePart
from .programs import manager_requirement, manager_resources
from .question import Question
from .real_server.urls import own_url
from .role import Log, Role
from .role_host import RoleHost

_PROGRAM = "cosyvoice-probe"
_SCRIPT = "/usr/local/sbin/cosyvoice-probe"


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one probe, in the order in which they are applied."""
    host = RoleHost(deployment, name, "probe")
    inventory, manager = host.inventory, host.manager
    assert inventory.probes is not None
    again = (restart(_PROGRAM, manager),)
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name)),
        (
            *manager_resources(manager),
            host.script(
                _SCRIPT,
                "cosyvoice-probe.sh.j2",
                again,
                urls=[own_url(vip, app_services(inventory)[0].port) for vip in vips],
                interval=inventory.probes.hosts[name].interval,
            ),
            host.unit(_PROGRAM, again, script=_SCRIPT),
            Service(name=_PROGRAM, manager=manager),
        ),
        (),
    )


def _view(_inventory: Inventory, name: str) -> View[HostStatus]:
    runs: Fact[bool] = Fact("probe.runs", f"pgrep -f {_SCRIPT}", succeeded)
    return View((runs,), lambda seen: _status(name, seen[runs]))


def _status(name: str, running: bool) -> HostStatus:
    fix = f"see `cluster logs {name}`; `cluster deploy` starts it"
    return HostStatus(
        {"running": running},
        {"probe": Cell("runs" if running else "stopped", running)},
        () if running else (("the probe does not run", fix),),
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    supervised = service_manager_of(inventory, name) is ServiceManager.SUPERVISOR
    return (Log(_PROGRAM, f"/var/log/{_PROGRAM}.log" if supervised else None),)


PROBES = Role(
    key="probes",
    name="probes",
    order=40,
    part=part,
    view=_view,
    logs=_logs,
    diagnostics={"probe.txt": "curl --version"},
    question=Question(
        key="probes",
        option="--probe",
        help="May be repeated.",
        text="Probes, their addresses, or none",
        prefix="probe",
        comment="# The machines that open the page through the VIP, time after time.\n",
        optional=True,
    ),
    machines=Machines(kind="probe", prefix="probe", first=41),
)
"""After the directors, through which they look."""
