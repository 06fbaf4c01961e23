"""What hosts get where edges are the only way in: nothing of directors, nor of a VIP of theirs."""

import subprocess
from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import AUTHORITY_FILE, CERTIFICATE_FILE, NGINX_CONF
from provisioning.resources.base import Resource
from provisioning.resources.file import File
from provisioning.roles.desired import DesiredHost, desired_hosts
from provisioning.roles.tls_files import TlsFiles
from tests.ports import free_port
from tests.roles.rendered import files, hosts

_CLUSTER = {
    "real_servers": {"hosts": {"rs1": "192.168.1.101", "rs2": "192.168.1.102"}},
    "edges": {"vip": "192.168.1.110", "hosts": {"edge1": "192.168.1.51", "edge2": "192.168.1.52"}},
}
_OWN_AUTHORITY = {"names": ["tts.example.org"], "authority": "cluster"}


def desired(**more: object) -> dict[str, DesiredHost]:
    inventory = Inventory.model_validate({**_CLUSTER, **more})
    return desired_hosts(inventory, None, Runtime(), tls=TlsFiles("certificate", "authority"))


def put(host: DesiredHost, path: str) -> str | None:
    found = [one for one in host.resources if isinstance(one, File) and one.path == path]
    return found[0].content if found else None


def ids(resources: tuple[Resource, ...]) -> str:
    return " ".join(one.id for one in resources)


def test_a_real_server_binds_no_vip_and_is_asked_at_its_own_address_alone() -> None:
    for name, address in (("rs1", "192.168.1.101"), ("rs2", "192.168.1.102")):
        host = hosts("edges-alone")[name]
        said = ids(host.resources)
        assert "lvs-real-server" not in said and "arp_" not in said and "address" not in said
        (ready,) = host.postconditions
        assert ready.title == "the app is ready at its own address"
        assert ready.probe.count("curl ") == 1 and f"http://{address}:7860/readyz" in ready.probe


def test_tls_ends_on_the_edges_which_keep_the_authority() -> None:
    wanted = desired(tls=_OWN_AUTHORITY)
    for name in ("edge1", "edge2"):
        assert put(wanted[name], CERTIFICATE_FILE) == "certificate"
        assert put(wanted[name], AUTHORITY_FILE) == "authority"
    for name in ("rs1", "rs2"):
        assert put(wanted[name], NGINX_CONF) is None and put(wanted[name], CERTIFICATE_FILE) is None
        assert "TLS_PORT" not in (put(wanted[name], "/etc/cosyvoice/app.env") or "")
        assert len(wanted[name].postconditions) == 1


def test_edges_beside_directors_leave_the_authority_to_them() -> None:
    directors = {"hosts": {"lvs1": "192.168.1.11"}}
    wanted = desired(tls=_OWN_AUTHORITY, vip="192.168.1.100", directors=directors)
    assert put(wanted["lvs1"], AUTHORITY_FILE) and put(wanted["edge1"], AUTHORITY_FILE) is None
    assert put(wanted["rs1"], CERTIFICATE_FILE) == "certificate"


@pytest.mark.parametrize(("address", "host"), [("192.168.1.101", "0.0.0.0"), ("fd00:1::21", "::")])
def test_the_app_listens_where_edges_ask(address: str, host: str) -> None:
    wanted = desired(real_servers={"hosts": {"rs1": address}})["rs1"]
    assert f"--host {host} " in (put(wanted, "/opt/cosyvoice/run.sh") or "")


def test_nginx_takes_what_an_edge_gets(tmp_path: Path) -> None:
    text = files("edges-alone")[f"edge1{NGINX_CONF}"].content
    for theirs in ("/run/cosyvoice-edge", "/var/log/nginx", "/run/nginx.pid"):
        text = text.replace(theirs, f"{tmp_path}/{theirs.rpartition('/')[2]}")
    for folder in ("cosyvoice-edge", "nginx"):
        (tmp_path / folder).mkdir()
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        text.replace("listen 9080", f"listen 127.0.0.1:{free_port()}"), encoding="utf-8"
    )
    done = subprocess.run(
        ["nginx", "-t", "-c", str(conf)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
