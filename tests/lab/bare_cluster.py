"""A cluster on bare machines: what it is made of, and how long it takes to speak again."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.lab import lifecycle
from provisioning.lab.topology import Kernel
from provisioning.places import STATE
from tests.lab.cluster import Cluster

DIRECTORS = ("lvs1", "lvs2")
REAL_SERVERS = ("rs1", "rs2")
HOSTS = ("nas1", *REAL_SERVERS, *DIRECTORS)

_SERVICES = {
    "director": "keepalived keepalived-guard",
    "real server": "lvs-real-server cosyvoice",
    "storage": "nfs-server",
}
_LOOK = {
    "director": "ipvsadm -Sn | cut -d ' ' -f 1-7 | sort",
    "real server": "sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce"
    " net.ipv4.conf.vec0.arp_ignore net.ipv4.conf.vec0.arp_announce;"
    " ip -o -4 address show dev lo | grep -o '10[.][0-9./]*';"
    " grep ' /srv/cosyvoice/outputs ' /proc/self/mounts | cut -d ' ' -f 1-3;"
    " cat /etc/cosyvoice/drain 2>/dev/null || echo not drained; readlink /opt/cosyvoice/current",
    "storage": "exportfs -s",
}
_SPEAK = """
import json, sys, time, urllib.request
began = time.monotonic()
body = json.dumps({"model": "tts-1", "input": "来电了。", "voice": "cmn", "stream": False})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while time.monotonic() - began < float(sys.argv[2]):
    request = urllib.request.Request(sys.argv[1], body.encode())
    request.add_header("Content-Type", "application/json")
    try:
        with opener.open(request, timeout=20) as answer:
            sound = answer.read()
        if sound[:4] == b"RIFF":
            print(json.dumps({"seconds": time.monotonic() - began, "bytes": len(sound)}))
            sys.exit(0)
    except OSError:
        pass
    time.sleep(0.2)
sys.exit("nobody spoke")
"""


def look(cluster: Cluster, host: str) -> str:
    """All that shall be as it was after its power was cut, as text."""
    role = cluster.lab.topology.node(host).role
    # Settings, drains, pins and the list of what the host was given.
    records = f"cd {STATE} && find . -type f ! -name '*.log' -exec sha256sum {{}} + | sort"
    services = f"systemctl is-active {_SERVICES[role]} || :"
    return cluster.on(host, f"{services}; {_LOOK[role]}; {records}")


def sync_roles(cluster: Cluster) -> list[str]:
    """Sides of the connection sync daemon on both directors: one sends, one takes."""
    said = "".join(cluster.on(name, "ipvsadm -Ln --daemon") for name in DIRECTORS)
    return sorted(re.findall(r"(master|backup) sync daemon", said))


class Speech:
    """A client that asks again and again, from now on, until somebody speaks through the VIP."""

    def __init__(self, cluster: Cluster, within: float = 600) -> None:
        url = f"http://{cluster.lab.topology.lan.vip}:7860/v1/audio/speech"
        command = cluster.lab.client_command([sys.executable, "-c", _SPEAK, url, str(within)])
        self._client = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def seconds(self) -> float:
        """Wait for the first sound and return how long it took."""
        out, err = self._client.communicate()
        assert self._client.returncode == 0, err
        return float(json.loads(out)["seconds"])


@contextmanager
def arp_answers(cluster: Cluster, log: Path) -> Iterator[set[str]]:
    """Addresses (MAC) that meanwhile say at the client that the VIP is theirs."""
    vip = str(cluster.lab.topology.lan.vip)
    (route,) = json.loads(cluster.from_client("ip", "-j", "route", "get", vip).stdout)
    found: set[str] = set()
    with log.open("w") as output:
        command = cluster.lab.client_command(["arping", "-I", route["dev"], vip])
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as asking:
            try:
                yield found
            finally:
                asking.terminate()
    found |= {mac.lower() for mac in re.findall(r"\[([0-9A-Fa-f:]{17})\]", log.read_text())}


def macs(cluster: Cluster, names: tuple[str, ...]) -> set[str]:
    return {cluster.lab.topology.node(name).mac for name in names}


def cut_power(cluster: Cluster, *names: str) -> None:
    """Of these machines or, without names, of all but the clients."""
    nodes = cluster.lab.topology.nodes
    for name in names or [node.name for node in nodes if node.kernel is Kernel.UML]:
        lifecycle.kill(cluster.lab, name)


def faults(cluster: Cluster) -> list[str]:
    return [fault["text"] for fault in cluster.json("status")["faults"]]


def no_change(cluster: Cluster) -> bool:
    plan: Any = cluster.json("plan")
    return plan["changes"] is False
