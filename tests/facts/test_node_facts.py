"""Facts of real servers and of the storage host, on outputs of real ones."""

from pathlib import PurePosixPath

import pytest

from provisioning.facts.app.peers import PEERS
from provisioning.facts.app.process import AppProcess, app_process
from provisioning.facts.app.service import app_service
from provisioning.facts.cluster_secret import CLUSTER_SECRET, SECRET_CHECKSUM
from provisioning.facts.current_release import current_release
from provisioning.facts.disk_space import Space, local_space, mounted_space
from provisioning.facts.exports import exported_to
from provisioning.facts.lan.arp_settings import ArpSettings, arp_settings
from provisioning.facts.nfs_server import NFS_THREADS
from provisioning.model.derived.nodes import nodes_of
from provisioning.model.hosts import ServiceManager
from provisioning.resources.base import Observation
from tests.facts.recordings import printed
from tests.operations.replay import INVENTORY


def test_the_greater_of_all_and_the_interfaces_own_arp_setting_is_in_force() -> None:
    fact = arp_settings("vec0")
    assert fact.parse(printed("1\n0\n0\n2\n")) == ArpSettings(1, 2)
    assert fact.parse(Observation("1\n", "cat: No such file", 1)) == ArpSettings(None, None)
    assert "'odd name'" in arp_settings("odd name").fragment


@pytest.mark.parametrize(
    ("manager", "found", "state"),
    [
        (ServiceManager.SYSTEMD, printed("active\n"), "running"),
        (ServiceManager.SYSTEMD, printed("failed\n", 3), "failed"),
        (ServiceManager.SUPERVISOR, printed("RUNNING 0\n"), "running"),
        (ServiceManager.SUPERVISOR, printed("STARTING 0\n"), "STARTING"),
        (ServiceManager.SUPERVISOR, printed("EXITED 3\n"), "EXITED with status 3"),
        (ServiceManager.SUPERVISOR, Observation("", "no socket\n", 1), "no socket"),
    ],
)
def test_the_apps_service(manager: ServiceManager, found: Observation, state: str) -> None:
    assert app_service(manager).parse(found) == state


@pytest.mark.parametrize("manager", ServiceManager)
def test_the_apps_process(manager: ServiceManager) -> None:
    fact = app_process(nodes_of(INVENTORY, "rs1")[0], manager)
    assert fact.parse(printed("up 4711\nlast\nwords\n")) == AppProcess("4711", "last\nwords\n")
    assert fact.parse(printed("down 0\n")) == AppProcess(None, "")


def test_the_release_is_where_current_leads() -> None:
    fact = current_release(PurePosixPath("/opt/cosy voice"))
    assert fact.fragment == "readlink '/opt/cosy voice/current'"
    assert fact.parse(printed("releases/0.1.0-3f1c\n")) == "0.1.0-3f1c"
    assert fact.parse(printed("", 1)) == ""


def test_space() -> None:
    fact = mounted_space("/srv/out puts", patience=3)
    assert fact.fragment == "timeout -s KILL 3 stat -f -c '%S %a %b' '/srv/out puts'"
    assert fact.parse(printed("4096 10 100\n")) == Space(40960, 409600, answers=True)
    assert fact.parse(printed("", 137)) == Space(0, 0, answers=False)
    assert "timeout" not in local_space("/srv").fragment


def test_exports_in_force() -> None:
    text = "/srv/out\t10.77.0.21(rw,sync)\n/srv/out\t10.77.0.22(rw,sync)\n/srv/other\t*(ro)\n"
    assert exported_to("/srv/out").parse(printed(text)) == ("10.77.0.21", "10.77.0.22")
    assert exported_to("/srv").parse(printed(text)) == ()


def test_a_server_without_threads_does_not_run() -> None:
    assert NFS_THREADS.parse(printed("8\n")) == 8
    assert NFS_THREADS.parse(Observation("", "No such file", 1)) == 0


def test_peers_and_the_secret() -> None:
    text = "# Made by cluster.\nrs1 http://10.77.0.21:7860\n\nrs2 http://10.77.0.22:7860\n"
    assert PEERS.parse(printed(text)) == {
        ("rs1", "http://10.77.0.21:7860"),
        ("rs2", "http://10.77.0.22:7860"),
    }
    assert CLUSTER_SECRET.parse(printed("geheim\n")) == "geheim"
    assert SECRET_CHECKSUM.parse(printed("6af1  -\n")) == "6af1"
    assert SECRET_CHECKSUM.parse(printed("", 1)) == ""
