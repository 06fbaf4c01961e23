"""A real server: the VIP on lo without ARP for it, the shared outputs, the app. Pure."""

import re
import shlex

from provisioning.facts.hosts.real_server import real_server_view
from provisioning.model.hosts import IPAddress, ServiceManager
from provisioning.model.inventory import Inventory
from provisioning.model.resolve import (
    interface_of,
    is_ipv4,
    routes_sessions,
    service_manager_of,
    variables_of,
)
from provisioning.model.runtime import Pin, Runtime
from provisioning.node_api import ONLY_DRAINING, READY
from provisioning.places import (
    APP_ENV,
    APP_SERVICE,
    APP_STATE,
    DRAIN_FILE,
    PEERS_FILE,
    SECRET_FILE,
    VIP_SERVICE,
)
from provisioning.resources.address import Address
from provisioning.resources.base import Handler, Postcondition, Requirement, Resource
from provisioning.resources.current_release import CurrentRelease
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.resources.flag_file import FlagFile
from provisioning.resources.mount import Mount
from provisioning.resources.package import Packages
from provisioning.resources.release import Release
from provisioning.resources.service import Service, restart
from provisioning.resources.sysctl import Sysctl
from provisioning.resources.user import User
from provisioning.roles.deployment import Deployment
from provisioning.roles.engine_packages import ENGINES, declared_packages
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
from provisioning.roles.release_archive import ReleaseArchive
from provisioning.roles.rendering import RenderedFile, Templates
from provisioning.roles.role import Log, Role
from provisioning.roles.storage import mount_source

_VIP_SCRIPT = "/usr/local/sbin/lvs-real-server"
_APP_PACKAGES = ("gradio", "fastapi", "numpy", "av", "limits", "prometheus_client")
"""Import names of what the app that comes with this program needs; setup.cfg has the versions."""
_LAST_WORDS = 10
"""Seconds between a node's last job and its end: its answers are fetched, its workers go."""
_APP_LOG = "/var/log/cosyvoice/app.log"
_START_PATIENCE = 240
"""Seconds until a node must answer after a start: imports and a warm-up on a slow disk."""


def part(deployment: Deployment, name: str) -> RolePart:
    """Requirements and resources of one real server, in the order in which they are applied."""
    inventory, templates = deployment.inventory, deployment.templates
    manager = service_manager_of(inventory, name)
    return RolePart(
        (
            manager_requirement(manager),
            address_requirement(inventory, name),
            *_python_requirements(inventory),
        ),
        (
            Packages(names=_packages(inventory)),
            *manager_resources(manager),
            *_virtual_ips(inventory, name, templates, manager),
            *_outputs(inventory),
            *_app(deployment, name, manager),
        ),
        (_answers(inventory, name),),
    )


def arp_sysctls(inventory: Inventory, name: str) -> list[tuple[str, str]]:
    """Settings that keep a real server silent about the VIP (ip-sysctl, arp_ignore)."""
    found = []
    for interface in ("all", interface_of(inventory, name)):
        found += [
            (f"net/ipv4/conf/{interface}/arp_ignore", "1"),
            (f"net/ipv4/conf/{interface}/arp_announce", "2"),
        ]
    return found


def own_url(address: IPAddress, port: int) -> str:
    """A node by its own address, without a path."""
    return f"http://{address}:{port}" if address.version == 4 else f"http://[{address}]:{port}"


def app_port(inventory: Inventory) -> int:
    """The port the app listens on: the first service's, as DR cannot translate ports."""
    return inventory.services[0].port


def peers(inventory: Inventory) -> list[tuple[str, str]]:
    """Name and URL of each node, by which they know each other."""
    port = app_port(inventory)
    hosts = inventory.real_servers.hosts.items()
    return [(name, own_url(host.address, port)) for name, host in hosts]


def drain_flag(runtime: Runtime, name: str) -> FlagFile:
    """Flag file by which the app knows whether it is drained."""
    drain = runtime.drains.get(name)
    return FlagFile(path=DRAIN_FILE, content=f"{drain}\n" if drain else None)


def _packages(inventory: Inventory) -> tuple[str, ...]:
    storage = ("nfs-common",) if inventory.storage is not None else ()
    return ("curl", "iproute2", *storage, *_environment_packages(inventory))


def _environment_packages(inventory: Inventory) -> tuple[str, ...]:
    """Debian keeps what makes environments apart from its Python."""
    venv = inventory.app.venv
    ours = venv and re.fullmatch(r"/usr/bin/(python3(\.\d+)?)", str(venv.python))
    return (f"{ours[1]}-venv",) if ours else ()


def _virtual_ips(
    inventory: Inventory, name: str, templates: Templates, manager: ServiceManager
) -> list[Resource]:
    variables: dict[str, object] = {**variables_of(inventory, name)}
    settings = arp_sysctls(inventory, name)
    vips = [
        {"cidr": f"{vip.address.ip}/{vip.address.max_prefixlen}", "v6": not is_ipv4(vip)}
        for vip in inventory.virtual_ips
    ]
    start_again = restart(VIP_SERVICE, manager)
    return [
        RenderedFile(
            path="/etc/sysctl.d/60-cosyvoice-real-server.conf",
            content=templates.render("real_server/sysctl.conf.j2", variables, sysctls=settings),
        ),
        # Before the address, or the node announces the VIP as its own.
        *(Sysctl(key=key, value=value) for key, value in settings),
        RenderedFile(
            path=_VIP_SCRIPT,
            content=templates.render(
                "real_server/lvs-real-server.j2",
                variables,
                vips=vips,
                sysctl_paths=[(f"/proc/sys/{key}", value) for key, value in settings],
            ),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            triggers=(start_again,),
        ),
        *(Address(address=str(vip["cidr"]), interface="lo") for vip in vips),
        RenderedFile(
            path=unit_path(VIP_SERVICE, manager),
            content=templates.render(
                unit_template("real_server", VIP_SERVICE, manager), variables, script=_VIP_SCRIPT
            ),
            triggers=(start_again,),
        ),
        Service(name=VIP_SERVICE, manager=manager),
    ]


def _outputs(inventory: Inventory) -> list[Resource]:
    folder = str(inventory.storage.mount_point if inventory.storage else _local_outputs(inventory))
    user = inventory.app.user
    if inventory.storage is None:
        return [
            User(name=user, home=str(inventory.app.directory)),
            Directory(path=folder, owner=user, group=user),
        ]
    return [
        User(name=user, home=str(inventory.app.directory)),
        Mount(
            source=mount_source(inventory),
            target=folder,
            fstype="nfs4",
            options=tuple(inventory.storage.mount_options),
        ),
    ]


def _local_outputs(inventory: Inventory) -> str:
    return f"{inventory.app.directory}/outputs"


def _app(deployment: Deployment, name: str, manager: ServiceManager) -> list[Resource]:
    inventory, templates = deployment.inventory, deployment.templates
    variables: dict[str, object] = {**variables_of(inventory, name)}
    app = inventory.app
    again = restart(APP_SERVICE, manager)
    chosen = _release(inventory, deployment.release, deployment.runtime.pins.get(name), again)
    run_script = f"{app.directory}/run.sh"
    values: dict[str, object] = {
        "app": app,
        "env_file": APP_ENV,
        "run_script": run_script,
        # On the VIP and the RIP, and whatever else the operator has there.
        "host": "0.0.0.0" if all(map(is_ipv4, inventory.virtual_ips)) else "::",  # nosec B104
        "port": app_port(inventory),
        "environment": _environment(inventory, name),
    }
    resources: list[Resource] = [
        Directory(path=str(app.directory)),
        Directory(path="/etc/cosyvoice"),
        drain_flag(deployment.runtime, name),
        Directory(path="/var/log/cosyvoice", group=app.user, mode=0o750),
        Directory(path=APP_STATE, owner=app.user, group=app.user, mode=0o700),
        # Owned by root and not writable for the app, so that a break-in there changes no script.
        RenderedFile(
            path=run_script,
            content=templates.render("real_server/run.sh.j2", variables, **values),
            mode=0o755,
            validate='sh -n "$CANDIDATE"',
            triggers=(again,),
        ),
        *_session_routing(inventory, variables, templates, deployment.secret, again),
        RenderedFile(
            path=APP_ENV,
            content=templates.render("real_server/app.env.j2", variables, **values),
            mode=0o640,
            group=app.user,
            # The environment is where keys and tokens go.
            sensitive=True,
            triggers=(again,),
        ),
        RenderedFile(
            path="/etc/logrotate.d/cosyvoice",
            content=templates.render("real_server/logrotate.j2", variables, **values),
        ),
        *chosen,
        RenderedFile(
            path=unit_path(APP_SERVICE, manager),
            content=templates.render(
                unit_template("real_server", APP_SERVICE, manager), variables, **values
            ),
            triggers=(again,),
        ),
    ]
    if chosen:
        resources.append(Service(name=APP_SERVICE, manager=manager))
    return resources


def _session_routing(
    inventory: Inventory,
    variables: dict[str, object],
    templates: Templates,
    secret: str | None,
    again: Handler,
) -> list[Resource]:
    if not routes_sessions(inventory):
        return []
    found: list[Resource] = [
        # Read again when it changes: a node that joins restarts nobody.
        RenderedFile(
            path=PEERS_FILE,
            content=templates.render("real_server/peers.j2", variables, peers=peers(inventory)),
        )
    ]
    if secret is not None:
        found.append(
            File(
                path=SECRET_FILE,
                content=f"{secret}\n",
                mode=0o640,
                group=inventory.app.user,
                sensitive=True,
                triggers=(again,),
            )
        )
    return found


def _release(
    inventory: Inventory, release: ReleaseArchive | None, pin: Pin | None, again: Handler
) -> list[Resource]:
    """The release and the link to it. A host that was rolled back stays with what it has."""
    if release is None and pin is None:
        return []
    app = inventory.app
    name = pin.release if pin else release.id if release else ""
    brought = release if release and name == release.id else None
    return [
        Release(
            directory=str(app.directory),
            name=name,
            archive=brought.data if brought else None,
            keep=app.keep_releases,
            python=str(app.base_python),
            about=brought.about if brought else "",
            environment=brought.environment if brought else None,
        ),
        CurrentRelease(directory=str(app.directory), name=name, triggers=(again,)),
    ]


def _environment(inventory: Inventory, name: str) -> list[tuple[str, str]]:
    """Names and values, the inventory's own over ours, the host's over those."""
    app, host = inventory.app, inventory.real_servers.hosts[name]
    outputs = inventory.storage.mount_point if inventory.storage else _local_outputs(inventory)
    values: dict[str, object] = {
        "COSYVOICE_NODE_NAME": name,
        "COSYVOICE_OUTPUT_DIR": outputs,
        "COSYVOICE_WORKERS": host.workers or app.workers,
        "COSYVOICE_QUEUE_SIZE": app.queue_size,
        "COSYVOICE_JOB_TIMEOUT": app.job_timeout,
        # A job of the longest kind can still end while its service is being stopped.
        "COSYVOICE_LONGEST_TIMEOUT": max(app.job_timeout, app.stop_timeout - _LAST_WORDS),
        "COSYVOICE_SPOOL_DIR": f"{APP_STATE}/spool",
        "COSYVOICE_DRAIN_FILE": DRAIN_FILE,
        "COSYVOICE_VIRTUAL_IPS": ",".join(str(vip.address.ip) for vip in inventory.virtual_ips),
    }
    if routes_sessions(inventory):
        values["COSYVOICE_PEERS_FILE"] = PEERS_FILE
        values["COSYVOICE_CLUSTER_SECRET_FILE"] = SECRET_FILE
    if app.engine:
        values["COSYVOICE_ENGINE"] = app.engine
    values |= {**app.environment, **host.environment}
    return [(key, str(value)) for key, value in values.items()]


def _python_requirements(inventory: Inventory) -> tuple[Requirement, ...]:
    if inventory.app.venv is None:
        return (_packages_requirement(inventory), *_engine_requirement(inventory))
    if _environment_packages(inventory):
        return ()
    python = shlex.quote(str(inventory.app.venv.python))
    return (
        Requirement(
            f"{inventory.app.venv.python} can make environments",
            f"[ -x {python} ] || {{ echo there is no such program; exit 1; }}\n"
            f"{python} -c 'import venv, ensurepip'",
            "install that Python with its modules venv and ensurepip, or correct app.venv.python",
        ),
    )


def _packages_requirement(inventory: Inventory) -> Requirement:
    python = inventory.app.python
    packages: tuple[str, ...] = ("gradio",)
    # An app from elsewhere has needs of its own.
    if inventory.app.source == "builtin":
        packages = (*_APP_PACKAGES, *(declared_packages(inventory.app.engine) or ()))
    places = [f"{shlex.quote(str(python.parent.parent))}/lib/python3*/site-packages"]
    found = " && ".join(f"[ -e {place}/{package} ]" for place in places for package in packages)
    # find_spec imports nothing; still an interpreter start, which the look into the folder saves.
    code = shlex.quote(
        "import importlib.util as u, sys; "
        f"sys.exit(' '.join(n for n in {packages} if u.find_spec(n) is None) or 0)"
    )
    return Requirement(
        f"{python} has what the app needs",
        f"[ -x {shlex.quote(str(python))} ] || {{ echo there is no such program; exit 1; }}\n"
        f"if {found}; then exit 0; fi\n"
        f"{shlex.quote(str(python))} -c {code} || {{ echo is missing; exit 1; }}",
        "make an environment with the app's requirements and name its interpreter in app.python",
    )


def _engine_requirement(inventory: Inventory) -> tuple[Requirement, ...]:
    """An engine of another package must be announced there; its packages are pip's concern."""
    engine, python = inventory.app.engine, shlex.quote(str(inventory.app.python))
    if inventory.app.source != "builtin" or declared_packages(engine) is not None:
        return ()
    code = shlex.quote(
        "import importlib.metadata as m, sys; "
        f"sys.exit(not m.entry_points(group={ENGINES!r}, name={engine!r}))"
    )
    return (
        Requirement(
            f"{inventory.app.python} has the engine {engine}",
            f"{python} -c {code} || {{ echo no package there announces an engine of that name; "
            "exit 1; }",
            "correct app.engine, or install the package that has this engine for that interpreter",
        ),
    )


def _answers(inventory: Inventory, name: str) -> Postcondition:
    """The app answers at the node's own address and, on the node, at the VIP: bound to one of
    them only, health checks would pass and clients would not be served. One that is drained, as
    most are while they are changed, has no other reason to be not ready."""
    host, port = inventory.real_servers.hosts[name], app_port(inventory)
    addresses = [host.address, *(vip.address.ip for vip in inventory.virtual_ips)]
    urls = [f"{own_url(address, port)}{READY}" for address in addresses]
    probes = "\n".join(
        f"said=$(curl -sS --noproxy '*' --max-time 5 -w ' %{{http_code}}' '{url}' 2>&1) || "
        f'{{ echo "$said"; exit 1; }}\n'
        f"""case $said in *" 200" | *'{ONLY_DRAINING}'*" 503") ;; """
        f'*) echo "$said"; exit 1 ;; esac'
        for url in urls
    )
    return Postcondition(
        "the app is ready at its own address and at the VIP",
        probes,
        _START_PATIENCE,
        f"see {_APP_LOG} on this host",
    )


REAL_SERVERS = Role(
    key="real_servers",
    name="real servers",
    order=20,
    part=part,
    view=real_server_view,
    # The app writes a file under either service manager.
    logs=lambda _manager: (Log(APP_SERVICE, _APP_LOG),),
    diagnostics={
        "arp-settings.txt": "grep . /proc/sys/net/ipv4/conf/*/arp_ignore"
        " /proc/sys/net/ipv4/conf/*/arp_announce",
        "gpus.txt": "command -v nvidia-smi >/dev/null && timeout 10 nvidia-smi || echo none",
    },
    question=Question(
        key="real_servers",
        option="--real-server",
        help="May be repeated.",
        text="Real servers, their addresses",
        prefix="rs",
        comment="# The machines that speak. More than an address: "
        "{address: …, weight: 2, workers: 2}\n",
    ),
    machines=Machines(kind="real server", prefix="rs", first=21, least=1, number=3, memory=1500),
)
"""After the storage they mount."""
