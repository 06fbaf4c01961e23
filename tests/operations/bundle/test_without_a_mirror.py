"""From Debians with nothing on them to nodes that speak, without a way to any mirror.

Two hosts have Debian 12, two Debian 13. They and the control machine are on a network that leads
nowhere else; only the bundle is made where there is more. Directors hold the run's locks and get
nothing: their kernel is this machine's, which need not have IPVS.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.bundle.offline_hosts import OfflineHosts, debian, offline_hosts

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and debootstrap take root"),
]

_INVENTORY = """\
name: offline
vip: 10.99.0.100
interface: veth0
ssh: {user: root, key_file: key, known_hosts_file: known_hosts}
service_manager: supervisor
directors: {hosts: {lvs1: 10.99.0.11, lvs2: 10.99.0.12}}
real_servers: {hosts: {rs1: 10.99.0.21, rs2: 10.99.0.22}}
app: {venv: true}
artifacts: {voices: {path: voices}}
"""
_HOSTS = {
    "lvs1": ("10.99.0.11", "bookworm"),
    "lvs2": ("10.99.0.12", "trixie"),
    "rs1": ("10.99.0.21", "bookworm"),
    "rs2": ("10.99.0.22", "trixie"),
}
_ASK = "curl -sS --noproxy '*' http://10.99.0.2{n}:7860/readyz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's, with a bundle that was made where there is a mirror."""
    found = tmp_path_factory.mktemp("operator")
    (found / "inventory.yaml").write_text(_INVENTORY)
    # The hosts' own comes when there are hosts.
    (found / "key").touch(mode=0o600)
    (found / "voices").mkdir()
    (found / "voices" / "voice.txt").write_text("你好", "utf-8")
    words = ["-i", str(found / "inventory.yaml"), "--out", str(found / "offline.bundle")]
    distributions = ["--for", "debian-bookworm-amd64", "--for", "debian-trixie-amd64"]
    command = [sys.executable, "-m", "provisioning", "bundle", "create", *words, *distributions]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    # What it fetched for the bundle is not at hand where the bundle is used.
    shutil.rmtree(found / ".cluster")
    (found / "inventory.artifacts.lock").unlink()
    return found


@pytest.fixture(scope="module")
def hosts(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineHosts]:
    base = tmp_path_factory.mktemp("debians")
    roots = {codename: debian(codename, base) for codename in ("bookworm", "trixie")}
    wanted = {name: (address, roots[codename]) for name, (address, codename) in _HOSTS.items()}
    with offline_hosts(tmp_path_factory.mktemp("hosts"), wanted) as found:
        shutil.copy(found.folder / "key", folder / "key")
        yield found


def words(folder: Path, *more: str) -> list[str]:
    where = ["-i", str(folder / "inventory.yaml"), "--bundle", str(folder / "offline.bundle")]
    return [*where, "--accept-new-host-keys", *more]


def test_nothing_else_can_be_reached(hosts: OfflineHosts) -> None:
    for name in _HOSTS:
        assert hosts.on(name, "ip route show default; ip -6 route show default") == ""


def test_nodes_get_everything_from_it_and_speak(hosts: OfflineHosts, folder: Path) -> None:
    began = time.monotonic()
    done = hosts.cluster("deploy", *words(folder, "--yes", "--limit", "rs1,rs2"), timeout=3000)
    assert done.returncode == 0
    print(f"MEASURED two nodes deployed from a bundle after {time.monotonic() - began:.0f} s")
    for number in (1, 2):
        assert "ready" in hosts.on(f"rs{number}", _ASK.format(n=number))
        assert hosts.on(f"rs{number}", "ls /opt/cosyvoice/artifacts").startswith("voices-")
        # What was brought for apt is deleted once it is installed.
        assert "packages" not in hosts.on(f"rs{number}", "ls /var/lib/cosyvoice-cluster").split()


def test_a_second_deploy_changes_nothing(hosts: OfflineHosts, folder: Path) -> None:
    done = hosts.cluster("deploy", *words(folder, "--yes", "--limit", "rs1,rs2"))
    assert done.returncode == 0 and "Nothing to change." in done.stdout
