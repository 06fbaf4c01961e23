"""What docs/requirements.md and docs/network.md say of hosts is what roles put there and need."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from provisioning.model.derived.resolve import all_hosts, connection_of
from provisioning.model.edge import Edges
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.model.secrets.shared_secret import SharedSecret
from provisioning.model.service import VirtualService
from provisioning.model.spreading import Spreading
from provisioning.model.tls.tls import Tls
from provisioning.model.watching.logs import Logs
from provisioning.model.watching.monitoring import MonitoringPorts
from provisioning.places import ALERT_RELAY_FOLDER, LOG_OUTPUT_CONF, NODE_EXPORTER
from provisioning.resources.base import Resource
from provisioning.resources.directory import Directory
from provisioning.resources.file import File
from provisioning.resources.flag_file import FlagFile
from provisioning.resources.kernel_module import KernelModules
from provisioning.resources.mount import Mount
from provisioning.resources.nfs_export import NfsExport
from provisioning.resources.package import Packages
from provisioning.resources.service import Service
from provisioning.resources.sysctl import Sysctl
from provisioning.resources.user import User
from provisioning.roles.desired import desired_hosts
from provisioning.roles.firewall.ruleset import openings
from provisioning.roles.tls_files import TlsFiles
from tests.roles.rendered import INVENTORIES, files

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs"
_INVENTORY = """\
vip: 192.168.1.100
directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}
real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}
storage: {hosts: {nas1: 192.168.1.20}}
services: [{name: web, check: {type: misc, command: /usr/bin/true, timeout: 1, dynamic: true}}]
app: {venv: true}
tls: {authority: cluster, only: false}
edges: {vip: 192.168.1.110, hosts: {edge1: 192.168.1.51, edge2: 192.168.1.52}}
monitoring:
  hosts: {mon1: 192.168.1.61, mon2: 192.168.1.62}
  receivers: [{name: ding, type: dingtalk, url: {env: ROBOT}}]
firewall: {metrics_from: [192.168.1.8]}
"""
_ACME = "names: [tts.example.org], acme: {email: a@b.org}"
_PER_GPU = """\
services: [{name: gpu0, port: 12321}]
app: {per_gpu: true, engine: {name: espeak, gpus: [0]}}
"""
_SECRET = "0123456789abcdef0123456789abcdef"
_ROLES = {
    "lvs1": "director",
    "rs1": "real server",
    "nas1": "storage",
    "edge1": "edge",
    "mon1": "monitoring",
}
_MEANT = {
    "with [`monitoring`](monitoring.md), every host": tuple(_ROLES.values()),
    "with monitoring, director": ("director",),
    "with monitoring, edge": ("edge",),
    "with monitoring, director and edge": ("director", "edge"),
}
"""Hosts of several roles that a row is about."""
_PORT = VirtualService().port
_TLS_PORTS = (Tls().port, Tls().redirect_port)
Entry = tuple[str, str]
"""A host's role, and what has to come in there: ``TCP 22``."""


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Resource, ...]]:
    """All that a host of each role is given."""
    path = tmp_path_factory.mktemp("documented") / "inventory.yaml"
    path.write_text(_INVENTORY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROBOT", "https://robots.example.org/send?access_token=a")
        hosts = desired_hosts(
            load_inventory(path), None, Runtime(), SharedSecret(_SECRET), TlsFiles("", "")
        )
        path.write_text(_INVENTORY.replace("authority: cluster", _ACME), encoding="utf-8")
        by_acme = desired_hosts(load_inventory(path), None, Runtime(), SharedSecret(_SECRET))
    path.write_text(_INVENTORY.partition("services:")[0] + _PER_GPU, encoding="utf-8")
    per_gpu = desired_hosts(load_inventory(path), None, Runtime(), SharedSecret(_SECRET))
    forms = (hosts, by_acme, per_gpu)
    return {
        role: tuple(one for form in forms if name in form for one in form[name].resources)
        for name, role in _ROLES.items()
    }


def section(document: str, heading: str) -> str:
    text = (_DOCS / document).read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """Cells of a table's rows, without its head."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def put_there() -> dict[str, str]:
    """Cells about each role, joined; a row without a role goes on with the one before."""
    found: dict[str, str] = {}
    role = ""
    for first, what in rows(section("requirements.md", "What is put on a host")):
        role = first or role
        for one in _MEANT.get(role, (role,)):
            found[one] = f"{found.get(one, '')} {what}"
    everywhere = found.pop("every host")
    return {role: text + everywhere for role, text in found.items()}


def names(resource: Resource) -> Iterator[str]:
    """What of a resource a reader would look for."""
    match resource:
        case File() | Directory() | FlagFile():
            yield resource.path
        case KernelModules():
            yield from resource.names
        case Sysctl():
            # Of interfaces, by their last name.
            key = resource.key.replace("/", ".")
            yield key if key.startswith("net.ipv4.vs.") else key.rpartition(".")[2]
        case User():
            yield resource.name
        case Mount():
            yield resource.target


def is_named(name: str, text: str) -> bool:
    """By its whole path, or as ``/etc/cosyvoice (`peers`)`` has it: by folder and own name."""
    folder, _, own = name.rpartition("/")
    return f"`{name}`" in text or (f"`{folder}`" in text and f"`{own}`" in text)


@pytest.mark.parametrize("role", _ROLES.values())
def test_every_file_sysctl_module_and_account_is_named(
    role: str, resources: dict[str, tuple[Resource, ...]]
) -> None:
    # Debian's own folders need no word.
    usual = {"/etc/keepalived", "/etc/exports.d", "/etc/nginx"} | {
        f"/etc/systemd/system/{name}.service.d" for name in ("keepalived", "nginx")
    }
    text = put_there()[role]
    all_names = {name for resource in resources[role] for name in names(resource)} - usual
    assert all_names
    assert {name for name in all_names if not is_named(name, text)} == set()


def test_files_that_are_named_are_put_there(
    resources: dict[str, tuple[Resource, ...]],
) -> None:
    for role, text in put_there().items():
        if role not in resources:
            continue
        paths = set(re.findall(r"`(/(?:etc|usr)/[^`]+)`", text))
        put = {name for resource in resources[role] for name in names(resource)}
        assert paths - put - {"/etc/fstab"} == set()


@pytest.mark.parametrize("role", _ROLES.values())
def test_packages_are_those_of_the_table(
    role: str, resources: dict[str, tuple[Resource, ...]]
) -> None:
    table = list(rows(section("requirements.md", "Hosts")))
    column = next(n for n, cell in enumerate(table[0]) if cell.startswith(role))
    packages = next(row for row in table if row[0] == "Debian packages")
    cell = packages[column].partition("; with `firewall` on every host ")[0]
    listed = set(re.findall(r"`([^`]+)`", cell)) - {"app.venv", "tls", "tls.acme", "monitoring"} | {
        "nftables"
    }
    assert "; with `firewall` on every host `nftables`" in packages[1]
    wanted = {n for one in resources[role] if isinstance(one, Packages) for n in one.names}
    everywhere = "every host of every role gets `prometheus-node-exporter`"
    assert everywhere in section("requirements.md", "Hosts")
    assert listed | {NODE_EXPORTER} == wanted


def test_services_are_named(resources: dict[str, tuple[Resource, ...]]) -> None:
    text = section("requirements.md", "What is put on a host").rpartition("\nServices: ")[2]
    every = {s.name for some in resources.values() for s in some if isinstance(s, Service)}
    # Without a release, which this test does not build, the app's is not started.
    assert set(re.findall(r"`([a-z.-]+)`", text.splitlines()[0])) == every | {"cosyvoice"}


def documented_ports() -> set[Entry]:
    """The table of docs/network.md."""
    found = set()
    for place, traffic, *_ in list(rows(section("network.md", "Ports")))[1:]:
        for role in _ROLES.values() if place == "every host" else [place.removesuffix("s")]:
            found.add((role, traffic))
    return found


_SPOKEN = (
    # A port, as configurations and command lines write it.
    re.compile(r"\b[a-z_-]*port[ =:]+(\d+)", re.I),
    re.compile(r"^ *(?:virtual|real|sorry)_server \S+ (\d+)", re.M),
    re.compile(r"://(?:\[[^]]+\]|[^\s/:]+):(\d+)"),
    re.compile(r"(?<![\w.:-])(?:\d+\.){3}\d+:(\d+)\b"),
    re.compile(r"listen[\w-]*[ =:]+(?:\S*:)?(\d+)\b(?!\.)", re.I),
)


def ports_of(text: str) -> set[int]:
    return {int(port) for pattern in _SPOKEN for port in pattern.findall(text)}


def heard(role: str, some: Iterable[Resource]) -> set[Entry]:
    """What a role's resources take part in, beside the services' ports."""
    found: set[Entry] = set()
    for resource in some:
        if isinstance(resource, File) and "vrrp_instance" in resource.content:
            found.add((role, "IP protocol 112"))
        if isinstance(resource, File) and "lvs_sync_daemon" in resource.content:
            found.add((role, f"UDP {synced()[1]}"))
        if isinstance(resource, File):
            listened = re.findall(r"--\w+\.listen-address=\S+:(\d+)", resource.content)
            listened += re.findall(r"mtail .*--port=(\d+)", resource.content)
            found |= {(role, f"TCP {port}") for port in listened}
            meshed = re.findall(r"--cluster\.listen-address=\S+:(\d+)", resource.content)
            found |= {(role, f"UDP {port}") for port in meshed}
        if isinstance(resource, File) and resource.path.startswith(f"{ALERT_RELAY_FOLDER}/bots"):
            found.add((role, f"TCP {json.loads(resource.content)['port']}"))
        if isinstance(resource, NfsExport):
            found.add((role, "TCP 2049"))
        if isinstance(resource, Mount):
            assert resource.fstype == "nfs4", "another file system has other ports"
    return found


@pytest.mark.parametrize("tls", ["authority: cluster, only: false", _ACME])
def test_the_firewall_lets_in_what_the_table_has(tls: str, tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(_INVENTORY.replace("authority: cluster, only: false", tls), encoding="utf-8")
    inventory = load_inventory(path)
    let_in = {
        (role, "IP protocol 112" if one.protocol == "vrrp" else f"{one.protocol.upper()} {port}")
        for name, role in _ROLES.items()
        for one in openings(inventory, name)
        for port in one.ports or (0,)
    }
    assert let_in <= documented_ports()
    left = {traffic for _, traffic in documented_ports() - let_in}
    # There is no log host in it, and with TLS alone the app's own port is for the nodes.
    elsewhere = {"UDP 546", f"TCP {Logs.model_fields['port'].default}"}
    # On loopback alone.
    elsewhere |= {f"TCP {port}" for port in (MonitoringPorts().blackbox, MonitoringPorts().relay)}
    assert left == (elsewhere if "only" in tls else {*elsewhere, f"TCP {_PORT}"})


def synced() -> tuple[str, str]:
    """Group and port of connection sync, as a kernel told it."""
    recorded = _ROOT / "tests" / "operations" / "recorded" / "arp-answered.json"
    said = json.dumps(json.loads(recorded.read_text(encoding="utf-8")))
    match = re.search(r"group=([\d.]+), port=(\d+)", said)
    assert match is not None
    return match[1], match[2]


def test_what_roles_take_part_in_is_in_the_table(
    resources: dict[str, tuple[Resource, ...]],
) -> None:
    expected = {(role, "TCP 22") for role in _ROLES.values()}
    expected |= {(role, f"TCP {_PORT}") for role in ("director", "real server")}
    expected.add(("real server", f"TCP {Spreading().port}"))
    expected |= {(role, f"TCP {p}") for role in ("director", "real server") for p in _TLS_PORTS}
    expected.add(("edge", f"TCP {Edges.model_fields['port'].default}"))
    expected.add(("log host", f"TCP {Logs.model_fields['port'].default}"))
    for role, some in resources.items():
        expected |= heard(role, some)
    # For an address by DHCPv6, which no role has to do with.
    expected |= {(role, "UDP 546") for role in _ROLES.values()}
    edges = {("edge", f"TCP {port}") for port in _TLS_PORTS}
    assert documented_ports() == expected | edges
    assert synced()[0] in section("network.md", "Ports")


@pytest.mark.parametrize("name", INVENTORIES)
def test_no_rendered_file_has_a_port_that_is_not_in_the_table(name: str) -> None:
    inventory = load_inventory(_ROOT / "tests" / "roles" / "inventories" / f"{name}.yaml")
    known = {int(re.findall(r"\d+", traffic)[0]) for _, traffic in documented_ports()}
    known |= {service.port for service in inventory.services}
    # Those of the operator, and where a DHCPv6 server sends from.
    known |= {one.port for one in inventory.firewall.open} if inventory.firewall else set()
    known |= {connection_of(inventory, name).port or 22 for name in all_hosts(inventory)} | {547}
    # Servers that logs are sent on to are nobody's of the cluster.
    found = {
        place: ports_of(file.content)
        for place, file in files(name).items()
        if LOG_OUTPUT_CONF not in place
    }
    assert any(found.values())
    assert {place: ports - known for place, ports in found.items() if ports - known} == {}


@pytest.mark.parametrize(
    "text",
    [
        "prometheus_port 9165",
        "--port=9165",
        "--web.listen-address=:9165",
        "virtual_server 10.0.0.1 9165 {",
        "rs1 http://[fd00::1]:9165",
        "rs1 http://10.0.0.2:9165/metrics",
        "listen 127.0.0.1:9165;",
    ],
)
def test_a_port_is_seen_however_it_is_written(text: str) -> None:
    assert ports_of(text) == {9165}


def test_inventories_in_documents_are_inventories() -> None:
    """Whatever a page shows of one can be written below the smallest one."""
    for document in ("network.md", "requirements.md", "troubleshooting.md"):
        text = (_DOCS / document).read_text(encoding="utf-8")
        for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S):
            smallest = yaml.safe_load(_INVENTORY)
            Inventory.model_validate(smallest | yaml.safe_load(block))
