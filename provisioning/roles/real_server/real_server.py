"""The role of real servers: the VIP on lo without ARP for it, the outputs, the app. Pure."""

from ...facts.hosts.real_server import real_server_view
from ...model.derived.nodes import nodes_of
from ...resources.package import Packages
from ..deployment import Deployment
from ..machines import Machines
from ..network import address_requirement
from ..part import RolePart
from ..programs import manager_requirement, manager_resources
from ..question import Question
from ..role import Log, Role
from ..role_host import RoleHost
from .app import app
from .artifacts import artifact_requirements
from .gpus import gpu_requirements
from .nginx import answers_tls, nginx
from .openings import openings
from .outputs import outputs
from .prerequisites import debian_packages, python_requirements
from .readiness import answers
from .virtual_ips import virtual_ips


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one real server, in the order in which they are applied."""
    host = RoleHost(deployment, name, "real_server")
    inventory, manager = host.inventory, host.manager
    return RolePart(
        (
            manager_requirement(manager),
            address_requirement(inventory, name),
            *python_requirements(inventory, name),
            *artifact_requirements(host),
            *gpu_requirements(inventory, name),
        ),
        (
            Packages(names=debian_packages(inventory)),
            *manager_resources(manager),
            *virtual_ips(host),
            *outputs(inventory),
            *app(host),
            *nginx(host),
        ),
        (answers(inventory, name), *answers_tls(inventory)),
    )


REAL_SERVERS = Role(
    key="real_servers",
    name="real servers",
    order=20,
    part=part,
    openings=openings,
    view=real_server_view,
    # The app writes a file under either service manager.
    logs=lambda inventory, name: tuple(
        Log(node.service, node.log) for node in nodes_of(inventory, name)
    ),
    diagnostics={
        "arp-settings.txt": "grep . /proc/sys/net/ipv4/conf/*/arp_ignore"
        " /proc/sys/net/ipv4/conf/*/arp_announce",
        "gpus.txt": "command -v nvidia-smi >/dev/null && timeout 10 nvidia-smi || echo none",
    },
    question=Question(
        key="real_servers",
        option="--real-server",
        help="A machine that speaks. May be repeated.",
        text="Real servers, their addresses",
        more="The machines that speak, with GPUs or without, on the directors' network segment: "
        "192.168.1.101 192.168.1.102, or with names of yours: gpu1=192.168.1.101.",
        prefix="rs",
        comment="# The machines that speak. More than an address: "
        "{address: …, weight: 2, workers: 2}\n",
    ),
    machines=Machines(
        kind="real server",
        prefix="rs",
        first=21,
        least=1,
        number=3,
        memory=1500,
        own_kernel=False,
    ),
)
"""After the storage they mount."""
