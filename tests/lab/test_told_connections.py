"""A switch-over takes along connections that the kernel's own sync has not told the taker of."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

_TWICE = """
import http.client, pathlib, sys, time
vip, folder = sys.argv[1], pathlib.Path(sys.argv[2])
connection = http.client.HTTPConnection(vip, 7860, timeout=60)
connection.connect()
# Without one of its own it would make another.
connection.auto_open = False
for wait in ("moved", None):
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    if wait:
        (folder / "port").write_text(str(connection.sock.getsockname()[1]))
        (folder / "open").touch()
        while not (folder / wait).exists():
            time.sleep(0.05)
print(answer.status)
"""


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.05)


def test_a_connection_from_before_the_taker_listened_goes_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    """As after a reboot of the taker: the kernel tells of a connection once, and of one that is
    idle never again."""
    assert cluster.run("deploy", "--yes", "--no-verify").returncode == 0
    master = cluster.master()
    taker = next(name for name in ("lvs1", "lvs2") if name != master)
    said = cluster.on(taker, "ipvsadm -Ln --daemon")
    interface, number = (said.split(f"{key}=")[1].split(",")[0] for key in ("mcast", "syncid"))
    cluster.on(taker, "ipvsadm --stop-daemon backup")
    command = ["python3", "-c", _TWICE, str(cluster.lab.topology.lan.vip), str(tmp_path)]
    client = subprocess.Popen(
        cluster.lab.client_command(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for(tmp_path / "open")
        # The kernel holds a message for two seconds at most (IPVS_SYNC_FLUSH_TIME).
        time.sleep(5)
        again = f"--mcast-interface {interface} --syncid {number}"
        cluster.on(taker, f"ipvsadm --start-daemon backup {again}")
        source = f":{(tmp_path / 'port').read_text()} "
        assert source in cluster.on(master, "ipvsadm -Lnc")
        assert source not in cluster.on(taker, "ipvsadm -Lnc")
        moved = cluster.json("switchover")
        assert moved["new"] == taker
        (tmp_path / "moved").touch()
        out, err = client.communicate(timeout=120)
    finally:
        client.kill()
    assert out == "200\n", err
