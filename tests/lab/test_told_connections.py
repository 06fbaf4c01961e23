"""A switch-over takes along connections that the kernel's own sync has not told the taker of."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

_TWICE = """
import pathlib, socket, sys, time
vip, folder = sys.argv[1], pathlib.Path(sys.argv[2])
ask = b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
with socket.create_connection((vip, 7860), timeout=60) as connection:
    connection.sendall(ask)
    assert b" 200 " in connection.recv(4096)
    (folder / "open").touch()
    while not (folder / "moved").exists():
        time.sleep(0.05)
    connection.sendall(ask)
    print(connection.recv(4096).split(b"\\r\\n")[0].decode())
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
        again = f"--mcast-interface {interface} --syncid {number}"
        cluster.on(taker, f"ipvsadm --start-daemon backup {again}")
        moved = cluster.json("switchover")
        assert moved["new"] == taker
        (tmp_path / "moved").touch()
        out, err = client.communicate(timeout=120)
    finally:
        client.kill()
    assert out == "HTTP/1.1 200 OK\n", err
