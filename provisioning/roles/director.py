"""A director: Keepalived and IPVS. Pure.

What a right configuration holds: keepalived.conf(5) and ipvsadm(8) of the versions in Debian 12.
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

from provisioning.facts.hosts.director import director_view
from provisioning.model.command import filled, words
from provisioning.model.hosts import Host, IPAddress, ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import (
    interface_of,
    is_ipv4,
    priority_of,
    routes_sessions,
    service_manager_of,
    variables_of,
    virtual_router_id_of,
)
from provisioning.model.runtime import Runtime
from provisioning.model.secret import reveal
from provisioning.model.service import MiscCheck, Scheduler, VirtualService
from provisioning.model.vrrp import VirtualIP
from provisioning.places import (
    DYNAMIC_CHECK,
    GUARD,
    KEEPALIVED,
    KEEPALIVED_CONF,
    KEEPALIVED_GUARD,
    NOTIFY,
    SWITCHOVER_FILE,
    TABLE_FILE,
    TABLE_SERVICES,
    VRRP_FIFO,
    VRRP_STATE,
    instance_name,
)
from provisioning.resources.base import Handler, Postcondition, Requirement, Resource
from provisioning.resources.directory import Directory
from provisioning.resources.flag_file import FlagFile
from provisioning.resources.kernel_module import KernelModules
from provisioning.resources.package import Packages
from provisioning.resources.service import Service, reload, restart
from provisioning.resources.soundness import Soundness
from provisioning.resources.sysctl import Sysctl
from provisioning.roles.deployment import Deployment
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
from provisioning.roles.rendering import RenderedFile, Templates
from provisioning.roles.role import Log, Role

_VALIDATE = (
    # `keepalived -t` answers 0 to some mistakes and prints them all the same, and its codes differ
    # from its manual's; so any word and any other code is a refusal.
    'said=$(keepalived -t -f "$CANDIDATE" 2>&1) && [ -z "$said" ] || '
    '{ echo "keepalived -t: $said"; exit 1; }'
)


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one director, in the order in which they are applied."""
    inventory, runtime = deployment.inventory, deployment.runtime
    templates = deployment.templates
    manager = service_manager_of(inventory, name)
    variables: dict[str, object] = {**variables_of(inventory, name)}
    modules = _modules(inventory)
    settings = sysctls(inventory, runtime)
    supervised = manager is ServiceManager.SUPERVISOR
    resources: list[Resource] = [
        # Python for what is asked of directors: who else claims the VIPs, how long a VIP was away.
        Packages(names=("ipvsadm", "keepalived", "kmod", "python3")),
        *manager_resources(manager),
        RenderedFile(
            path="/etc/modules-load.d/cosyvoice-cluster.conf",
            content=templates.render("director/modules.conf.j2", variables, modules=modules),
        ),
        KernelModules(names=modules),
        RenderedFile(
            path="/etc/sysctl.d/60-cosyvoice-director.conf",
            content=templates.render("director/sysctl.conf.j2", variables, sysctls=settings),
        ),
        *(Sysctl(key=key, value=value) for key, value in settings),
        Directory(path="/etc/keepalived"),
        # A switch-over that was cut may have left a 1 there.
        FlagFile(path=SWITCHOVER_FILE, content="0\n"),
        RenderedFile(
            path=NOTIFY,
            content=templates.render(
                "director/notify.j2",
                variables,
                notify_words=words(inventory.vrrp.notify or ""),
                state_folder=VRRP_STATE,
            ),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            # It runs as long as Keepalived does.
            triggers=(restart(KEEPALIVED, manager),),
        ),
        # Before Keepalived's own file, so that the guard knows of what is about to come.
        RenderedFile(
            path=TABLE_SERVICES,
            content=templates.render(
                "director/services.j2", variables, services=_listed_services(inventory)
            ),
        ),
        *_dynamic_check(inventory, templates, variables),
        RenderedFile(
            path=KEEPALIVED_CONF,
            content=templates.render(
                "director/keepalived.conf.j2", variables, **_keepalived(inventory, name, runtime)
            ),
            # It may hold auth_pass.
            mode=0o600,
            validate=_VALIDATE,
            sensitive=_has_password(inventory),
            triggers=(reload(KEEPALIVED, manager),),
        ),
    ]
    if supervised:
        resources.append(
            RenderedFile(
                path=unit_path(KEEPALIVED, manager),
                content=templates.render(unit_template("director", KEEPALIVED, manager), variables),
                triggers=(restart(KEEPALIVED, manager),),
            )
        )
    else:
        path = f"/etc/systemd/system/{KEEPALIVED}.service.d"
        resources += [
            Directory(path=path),
            RenderedFile(
                path=f"{path}/cosyvoice.conf",
                content=templates.render("director/keepalived.restart.conf.j2", variables),
                # systemd knows it from now on; what runs need not be disturbed for it.
                triggers=(Handler("systemd knows", "systemctl daemon-reload", disturbs=False),),
            ),
        ]
    guarding = (restart(KEEPALIVED_GUARD, manager),)
    resources += [
        RenderedFile(
            path=GUARD,
            content=templates.render(
                "director/keepalived-guard.j2",
                variables,
                instances=_instances(inventory, name),
                services_file=TABLE_SERVICES,
                table_file=TABLE_FILE,
            ),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            triggers=guarding,
        ),
        RenderedFile(
            path=unit_path(KEEPALIVED_GUARD, manager),
            content=templates.render(
                unit_template("director", KEEPALIVED_GUARD, manager), variables, guard=GUARD
            ),
            triggers=guarding,
        ),
        Service(name=KEEPALIVED, manager=manager),
        Soundness(name=KEEPALIVED, manager=manager, program=GUARD),
        Service(name=KEEPALIVED_GUARD, manager=manager),
    ]
    return RolePart(
        (manager_requirement(manager), address_requirement(inventory, name), _ipvs_requirement()),
        tuple(resources),
        (_vrrp_settled(inventory),),
    )


def _dynamic_check(
    inventory: Inventory, templates: Templates, variables: dict[str, object]
) -> list[Resource]:
    checks = [service.check for service in inventory.services]
    if not any(isinstance(check, MiscCheck) and check.dynamic for check in checks):
        return []
    content = templates.render("director/dynamic-check.j2", variables)
    return [RenderedFile(path=DYNAMIC_CHECK, content=content, mode=0o755)]


def sysctls(inventory: Inventory, runtime: Runtime) -> list[tuple[str, str]]:
    """IPVS settings of a director, by full key.

    A dead server's clients are told at once (expire_nodest_conn); persistence does not hold them
    to it (expire_quiescent_template); a director that also holds the VIP on lo, or is backup,
    does not schedule what the master has scheduled (backup_only).

    While a server drains, persistence holds its clients to it, as their sessions live there,
    unless nodes route sessions: the kernel sends their new connections to a server of weight 0
    too, unless expire_quiescent_template says that they go elsewhere (ipvs-sysctl, kernel
    documentation).
    """
    draining = any(not drain.settled for drain in runtime.drains.values())
    persistent = any(service.persistence for service in inventory.services)
    held = draining and persistent and not routes_sessions(inventory)
    chosen: dict[str, int | str] = {
        "backup_only": 1,
        "conn_reuse_mode": 1,
        "expire_nodest_conn": 1,
        "expire_quiescent_template": 0 if held else 1,
        **inventory.ipvs.sysctls,
    }
    return [(f"net.ipv4.vs.{key}", str(value)) for key, value in sorted(chosen.items())]


def scheduler_flags(service: VirtualService, *, drained: bool = False) -> list[str]:
    """Keywords of keepalived.conf(5) beside ``lvs_sched``.

    Without the fallback, sh and mh refuse the clients of a server of weight 0, so it is on while
    one is ``drained``.
    """
    if service.scheduler not in (Scheduler.SH, Scheduler.MH):
        return []
    wanted = {"port": service.hash_port, "fallback": service.hash_fallback or drained}
    return [f"{service.scheduler}-{flag}" for flag, on in wanted.items() if on]


def _modules(inventory: Inventory) -> tuple[str, ...]:
    schedulers = sorted({f"ip_vs_{service.scheduler}" for service in inventory.services})
    return ("ip_vs", *schedulers)


def _has_password(inventory: Inventory) -> bool:
    return inventory.vrrp.version == 2 and inventory.vrrp.auth_pass is not None


def servers_of(inventory: Inventory, service: VirtualService) -> list[str]:
    """Names of the real servers of a service."""
    return service.real_servers or list(inventory.real_servers.hosts)


def _keepalived(inventory: Inventory, name: str, runtime: Runtime) -> dict[str, Any]:
    director = inventory.directors.hosts[name]
    password = ""
    if _has_password(inventory) and inventory.vrrp.auth_pass is not None:
        password = reveal(inventory.vrrp.auth_pass, Path())
    instances = _instances(inventory, name)
    sync = None
    if inventory.ipvs.sync_daemon is not None and len(inventory.directors.hosts) > 1:
        daemon = inventory.ipvs.sync_daemon
        sync = {
            "interface": daemon.interface or interface_of(inventory, name),
            "instance": instances[0]["name"],
            "id": instances[0]["vrid"] if daemon.id is None else daemon.id,
        }
    return {
        "router_id": director.router_id or name,
        "priority": current_priority(inventory, name, runtime),
        "vrrp": inventory.vrrp,
        "ipvs": inventory.ipvs,
        "auth_pass": password,
        "sync": sync,
        "instances": instances,
        "services": [
            _service(inventory, vip, service, runtime)
            for vip in inventory.virtual_ips
            for service in inventory.services
        ],
        "notify": NOTIFY,
        "fifo": VRRP_FIFO,
        "switchover_file": SWITCHOVER_FILE,
        "table_file": TABLE_FILE,
    }


def _instances(inventory: Inventory, name: str) -> list[dict[str, Any]]:
    return [
        _instance(inventory, name, number, vip) for number, vip in enumerate(inventory.virtual_ips)
    ]


def _listed_services(inventory: Inventory) -> list[dict[str, Any]]:
    """Every virtual service as the kernel lists it. Weights and drains are no part of it."""
    found = []
    for vip in inventory.virtual_ips:
        for service in inventory.services:
            port = service.port
            hosts = [inventory.real_servers.hosts[n] for n in servers_of(inventory, service)]
            addresses = [address for host in hosts if (address := _own(host, vip))]
            if service.sorry_server is not None:
                addresses.append(service.sorry_server)
            found.append(
                {
                    "key": _in_kernel(vip.address.ip, port),
                    "endpoint": _endpoint(vip.address.ip, port),
                    "scheduler": service.scheduler.value,
                    "servers": [_in_kernel(address, port) for address in addresses],
                }
            )
    return found


def _in_kernel(address: IPAddress, port: int) -> str:
    """``0A4D0064:1EB4``, or the whole of an IPv6 address in brackets, as /proc/net/ip_vs has it."""
    if isinstance(address, IPv4Address):
        return f"{int(address):08X}:{port:04X}"
    return f"[{address.exploded}]:{port:04X}"


def _endpoint(address: IPAddress, port: int) -> str:
    return f"{address}:{port}" if isinstance(address, IPv4Address) else f"[{address}]:{port}"


def _instance(inventory: Inventory, name: str, number: int, vip: VirtualIP) -> dict[str, Any]:
    hosts = inventory.directors.hosts
    return {
        "name": instance_name(number),
        "interface": vip.interface or interface_of(inventory, name),
        "vrid": virtual_router_id_of(inventory, vip),
        "address": str(vip.address),
        "source": _own(hosts[name], vip),
        "peers": [_own(host, vip) for other, host in hosts.items() if other != name],
    }


def _own(host: Host, vip: VirtualIP) -> IPAddress | None:
    """The host's address of the VIP's family."""
    if isinstance(host.address, IPv4Address) == is_ipv4(vip):
        return host.address
    return host.address6


def current_priority(inventory: Inventory, name: str, runtime: Runtime) -> int:
    """VRRP priority: the inventory's, but that a preferred director has changed places with the
    one that has the highest."""
    hosts = inventory.directors.hosts
    preferred = runtime.preferred
    if not inventory.vrrp.preempt or preferred not in hosts:
        return priority_of(inventory, name)
    highest = max(hosts, key=lambda one: priority_of(inventory, one))
    exchanged = {preferred: highest, highest: preferred}
    return priority_of(inventory, exchanged.get(name, name))


def _service(
    inventory: Inventory, vip: VirtualIP, service: VirtualService, runtime: Runtime
) -> dict[str, Any]:
    servers: list[dict[str, Any]] = []
    for name in servers_of(inventory, service):
        host = inventory.real_servers.hosts[name]
        drained = name in runtime.drains
        servers.append(
            {
                "name": name,
                "address": _own(host, vip),
                **_misc(service, _own(host, vip)),
                "weight": runtime.weight(name, host.weight),
                "drained": drained,
                # What fails its check is taken out, and the kernel then ends what is
                # established (expire_nodest_conn); a drained one fails it on purpose.
                "inhibit_on_failure": drained or service.inhibit_on_failure,
                "upper_threshold": host.upper_threshold,
                "lower_threshold": host.lower_threshold,
            }
        )
    left = sum(server["weight"] for server in servers)
    if not left:
        # Keepalived takes no service of weight 0 as a whole, so these have theirs and a check
        # that fails.
        for server in servers:
            server["weight"] = inventory.real_servers.hosts[server["name"]].weight
    quorum = max(1, min(service.quorum, left)) if left else service.quorum
    return {
        "name": service.name,
        "vip": vip.address.ip,
        "port": service.port,
        "scheduler": service.scheduler.value,
        "flags": scheduler_flags(service, drained=any(server["drained"] for server in servers)),
        "persistence": service.persistence,
        "granularity": _granularity(service, vip),
        "check": service.check,
        # Keepalived refuses what the servers cannot reach.
        "quorum": quorum,
        "hysteresis": min(service.hysteresis, quorum - 1) if left else service.hysteresis,
        "alpha": service.alpha,
        "sorry_server": service.sorry_server,
        "servers": servers,
    }


def _misc(service: VirtualService, address: IPAddress | None) -> dict[str, object]:
    """What a script of the operator's is called by, and its limit in whole seconds.

    Keepalived 2.2.7 takes the weight that a script had set off the service's once too often when
    it kills the script, and that of each later answer is wrong by it. So one that says a weight
    ends by itself before.
    """
    check = service.check
    if not isinstance(check, MiscCheck):
        return {}
    limit = max(1, round(check.timeout))
    command = filled(check.command, {"address": str(address), "port": str(service.port)})
    if not check.dynamic:
        return {"misc_path": command, "misc_timeout": limit}
    return {"misc_path": f"{DYNAMIC_CHECK} {limit} {command}", "misc_timeout": limit + 1}


def _granularity(service: VirtualService, vip: VirtualIP) -> str | None:
    """A netmask for IPv4, a prefix length for IPv6, as keepalived.conf(5) has it."""
    prefix = service.persistence.granularity if service.persistence else None
    if prefix is None:
        return None
    if isinstance(vip.address, IPv4Interface):
        return str(IPv4Network((0, prefix)).netmask)
    return str(prefix)


def _ipvs_requirement() -> Requirement:
    return Requirement(
        "the kernel has IPVS",
        "[ -e /proc/net/ip_vs ] || modprobe -n ip_vs 2>&1",
        "install a kernel with the ip_vs module (Debian's stock kernels have it)",
    )


def _vrrp_settled(inventory: Inventory) -> Postcondition:
    names = [instance_name(number) for number in range(len(inventory.virtual_ips))]
    tests = "\n".join(
        f'read -r state < {VRRP_STATE}/vrrp-{name} || {{ echo "{name}: no state yet"; exit 1; }}\n'
        f'case $state in MASTER|BACKUP) ;; *) echo "{name} is $state"; exit 1 ;; esac'
        for name in names
    )
    # Three adverts until a lone director takes over, and room for a slow host.
    patience = 30 + round(4 * inventory.vrrp.advert_interval)
    return Postcondition(
        "every VRRP instance is MASTER or BACKUP",
        f"pidof keepalived >/dev/null || {{ echo keepalived does not run; exit 1; }}\n{tests}",
        patience,
        "see keepalived's log on this host",
    )


def _logs(manager: ServiceManager) -> tuple[Log, ...]:
    supervised = manager is ServiceManager.SUPERVISOR
    services = (KEEPALIVED, KEEPALIVED_GUARD)
    return tuple(Log(name, f"/var/log/{name}.log" if supervised else None) for name in services)


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
        help="May be repeated.",
        text="Directors, two addresses",
        prefix="lvs",
        comment="# The machines that own the VIP and pass connections on. The first one is master "
        "while it lives.\n",
    ),
    # One that waited for processors would miss VRRP adverts, which on machines of its own it never
    # does.
    machines=Machines(kind="director", prefix="lvs", first=11, least=1, number=2, niceness=0),
)
"""After those they send to."""
