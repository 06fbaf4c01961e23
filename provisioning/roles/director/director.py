"""The role of directors. Pure."""

from collections.abc import Collection

from ...facts.hosts.director import director_view
from ...model.derived.resolve import service_manager_of
from ...model.hosts import ServiceManager
from ...model.inventory import Inventory
from ...places import (
    GUARD,
    KEEPALIVED,
    KEEPALIVED_GUARD,
    NGINX,
    NGINX_LOG,
    VRRP_STATE,
)
from ...resources.package import Packages
from ...resources.service import Service
from ...resources.soundness import Soundness
from ..deployment import Deployment
from ..keepalived_service import helpers
from ..machines import Machines
from ..network import address_requirement
from ..part import RolePart
from ..programs import manager_requirement, manager_resources
from ..question import Question
from ..role import Log, Role
from ..role_host import RoleHost
from .authority import authority
from .guard import guard, table_services
from .keepalived import configured, vrrp_settled
from .kernel import ipvs_requirement, kernel
from .openings import openings
from .sorry_page import sorry_answers, sorry_pages, sorry_services


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one director, in the order in which they are applied."""
    host = RoleHost(deployment, name, "director")
    inventory, manager = host.inventory, host.manager
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name), ipvs_requirement()),
        (
            # Python for questions: who else claims the VIPs, how long a VIP was away.
            Packages(names=("ipvsadm", "keepalived", "kmod", "python3")),
            *manager_resources(manager),
            *kernel(host),
            *helpers(host),
            # Before Keepalived's own file, so that the guard knows of what is about to come.
            table_services(host),
            *configured(host),
            *guard(host),
            *authority(host),
            # Before Keepalived is told to send there.
            *sorry_pages(host),
            Service(name=KEEPALIVED, manager=manager),
            Soundness(name=KEEPALIVED, manager=manager, program=GUARD),
            Service(name=KEEPALIVED_GUARD, manager=manager),
        ),
        (vrrp_settled(inventory), *sorry_answers(inventory)),
    )


def _logs(inventory: Inventory, name: str) -> tuple[Log, ...]:
    manager = service_manager_of(inventory, name)
    supervised = manager is ServiceManager.SUPERVISOR
    services = (KEEPALIVED, KEEPALIVED_GUARD)
    pages = (Log(NGINX, NGINX_LOG),) if sorry_services(inventory) else ()
    own = (Log(name, f"/var/log/{name}.log" if supervised else None) for name in services)
    return (*pages, *own)


def _split(hosts: tuple[str, ...], masters: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Those that hold a VIP come last."""
    if any(name in masters for name in hosts):
        return [
            ("backup directors", tuple(name for name in hosts if name not in masters)),
            ("master directors", tuple(name for name in hosts if name in masters)),
        ]
    # Nobody holds the VIP yet. Without preemption the first to come keeps it.
    return [("first director", hosts[:1]), ("other directors", hosts[1:])]


DIRECTORS = Role(
    key="directors",
    name="directors",
    order=30,
    part=part,
    openings=openings,
    gate="every",
    split=_split,
    view=director_view,
    logs=_logs,
    diagnostics={
        "keepalived-version.txt": "keepalived --version 2>&1",
        "ipvs.txt": "ipvsadm -Ln; ipvsadm -Ln --stats --exact; ipvsadm -Ln --daemon; "
        "ipvsadm -Ln --timeout",
        "ipvs-connections.txt": "ipvsadm -Lnc | head -n 5000",
        "vrrp.txt": f'for f in {VRRP_STATE}/vrrp-*; do echo "$f: $(cat "$f")"; done',
        "ipvs-settings.txt": "grep -r . /proc/sys/net/ipv4/vs",
    },
    question=Question(
        key="directors",
        option="--director",
        help="A machine that owns the VIP; or none, where edges are the only way in. May be "
        "repeated.",
        text="Directors, two addresses",
        more="Two small machines that own the virtual IP and pass connections on, by Keepalived "
        "and IPVS. Their own addresses, which stay as they are: 192.168.1.11 192.168.1.12, or with "
        "names of yours: east=192.168.1.11.",
        prefix="lvs",
        comment="# The machines that own the VIP and pass connections on. The first one is master "
        "while it lives.\n",
        dispensable=True,
    ),
    # One that waited for processors would miss VRRP adverts, which on machines of its own it never
    # does.
    machines=Machines(kind="director", prefix="lvs", first=11, number=2, niceness=0),
)
"""After those they send to."""
