"""A probe: a script that opens the page through the VIP, kept running. Pure."""

from provisioning.facts.fact import Fact, View, succeeded
from provisioning.model.hosts import ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import service_manager_of, variables_of
from provisioning.resources.service import Service, restart
from provisioning.roles.deployment import Deployment
from provisioning.roles.host_status import Cell, HostStatus
from provisioning.roles.machines import Machines
from provisioning.roles.network import address_requirement
from provisioning.roles.part import RolePart
from provisioning.roles.programs import (
    manager_requirement,
    manager_resources,
    unit_path,
    unit_template,
)
from provisioning.roles.question import Question
from provisioning.roles.real_server import app_port, own_url
from provisioning.roles.rendering import RenderedFile
from provisioning.roles.role import Log, Role

_PROGRAM = "cosyvoice-probe"
_SCRIPT = "/usr/local/sbin/cosyvoice-probe"


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one probe, in the order in which they are applied."""
    inventory, templates = deployment.inventory, deployment.templates
    assert inventory.probes is not None
    manager = service_manager_of(inventory, name)
    variables: dict[str, object] = {**variables_of(inventory, name)}
    again = restart(_PROGRAM, manager)
    vips = [vip.address.ip for vip in inventory.virtual_ips]
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name)),
        (
            *manager_resources(manager),
            RenderedFile(
                path=_SCRIPT,
                content=templates.render(
                    "probe/cosyvoice-probe.sh.j2",
                    variables,
                    urls=[own_url(vip, app_port(inventory)) for vip in vips],
                    interval=inventory.probes.hosts[name].interval,
                ),
                mode=0o755,
                validate='sh -n "$CANDIDATE"',
                triggers=(again,),
            ),
            RenderedFile(
                path=unit_path(_PROGRAM, manager),
                content=templates.render(
                    unit_template("probe", _PROGRAM, manager), variables, script=_SCRIPT
                ),
                triggers=(again,),
            ),
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


def _logs(manager: ServiceManager) -> tuple[Log, ...]:
    supervised = manager is ServiceManager.SUPERVISOR
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
