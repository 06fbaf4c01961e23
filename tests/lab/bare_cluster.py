"""A cluster on bare machines: what it is made of, and how long it takes to speak again."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

from provisioning.lab import lifecycle
from provisioning.lab.topology import Kernel
from provisioning.places import STATE
from tests.lab.cluster import Cluster
from tests.lab.test_cluster import wait_for

DIRECTORS = ("lvs1", "lvs2")
REAL_SERVERS = ("rs1", "rs2")
HOSTS = ("nas1", *REAL_SERVERS, *DIRECTORS)
MINUTES = 600.0
"""Seconds for what takes ten on servers and a minute on a quiet computer."""

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
ask = {"model": "tts-1", "input": "来电了。", "voice": "cmn", "stream": False}
body = json.dumps({**ask, "response_format": "wav", "save": sys.argv[3] == "save"})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while time.monotonic() - began < float(sys.argv[2]):
    request = urllib.request.Request(sys.argv[1], body.encode())
    request.add_header("Content-Type", "application/json")
    try:
        with opener.open(request, timeout=20) as answer:
            sound, output = answer.read(), answer.headers.get("X-Output", "")
        if sound[:4] == b"RIFF":
            print(json.dumps({"seconds": time.monotonic() - began, "output": output}))
            sys.exit(0)
    except OSError:
        pass
    time.sleep(0.2)
sys.exit("nobody spoke")
"""
_ASK = """
import json, sys, time, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while True:
    began = time.monotonic()
    try:
        with opener.open(sys.argv[1], timeout=5) as answer:
            node = json.load(answer)["node"]
    except (OSError, ValueError) as error:
        node = None
    print(json.dumps([began, time.monotonic(), node]), flush=True)
    time.sleep(0.25)
"""


def look(cluster: Cluster, host: str) -> str:
    """All that shall be as it was after its power was cut, as text."""
    role = cluster.lab.topology.node(host).role
    # Settings, drains, pins and the list of what the host was given.
    records = f"cd {STATE} && find . -type f ! -name '*.log' -exec sha256sum {{}} + | sort"
    services = f"systemctl is-active {_SERVICES[role]} || :"
    return cluster.on(host, f"{services}; {_LOOK[role]}; {records}")


def as_before(cluster: Cluster, before: Mapping[str, str]) -> None:
    """Wait until each of these hosts looks as it did."""
    for name, wanted in before.items():
        try:
            wait_for(
                f"{name} is as before", lambda n=name, w=wanted: look(cluster, n) == w, MINUTES
            )
        except AssertionError:
            print(f"--- {name} before\n{wanted}--- now\n{look(cluster, name)}")
            raise


def sync_roles(cluster: Cluster) -> list[str]:
    """Sides of the connection sync daemon on both directors: one sends, one takes."""
    said = "".join(cluster.on(name, "ipvsadm -Ln --daemon") for name in DIRECTORS)
    return sorted(re.findall(r"(master|backup) sync daemon", said))


def _client(cluster: Cluster, program: str, *arguments: str) -> subprocess.Popen[str]:
    command = cluster.lab.client_command([sys.executable, "-c", program, *arguments])
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _url(cluster: Cluster, path: str) -> str:
    return f"http://{cluster.lab.topology.lan.vip}:7860{path}"


class Speech:
    """A client that asks again and again, from now on, until somebody speaks through the VIP."""

    def __init__(self, cluster: Cluster, *, save: bool = False) -> None:
        words = (_url(cluster, "/v1/audio/speech"), str(MINUTES), "save" if save else "")
        self._client = _client(cluster, _SPEAK, *words)
        self.output = ""
        """Name of the file that it was saved as."""

    def seconds(self) -> float:
        """Wait for the first sound and return how long it took."""
        out, err = self._client.communicate()
        assert self._client.returncode == 0, err
        answer = json.loads(out)
        self.output = answer["output"].rpartition("/")[2]
        return float(answer["seconds"])


class Asking:
    """A client that asks through the VIP four times a second, each time on a new connection, for
    as long as it is entered."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._answers: list[tuple[float, float, str | None]] = []

    def __enter__(self) -> "Asking":
        self._client = _client(self._cluster, _ASK, _url(self._cluster, "/healthz"))
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.terminate()
        out, _ = self._client.communicate()
        self._answers = [tuple(json.loads(line)) for line in out.splitlines()]

    @property
    def failed(self) -> int:
        """Number of requests without an answer."""
        return sum(node is None for _, _, node in self._answers)

    @property
    def longest(self) -> float:
        """Seconds of the longest time in which nothing was answered."""
        ends = [end for _, end, node in self._answers if node is not None]
        return max(after - before for before, after in pairwise(ends))

    def answered_by(self, name: str) -> int:
        """Number of answers of a node."""
        return sum(node == name for _, _, node in self._answers)

    def __str__(self) -> str:
        return (
            f"{len(self._answers)} requests, {self.failed} without an answer, none for"
            f" {self.longest:.1f} s at most"
        )


@contextmanager
def arp_answers(cluster: Cluster, log: Path) -> Iterator[set[str]]:
    """Addresses (MAC) that meanwhile say at the client that the VIP is theirs."""
    vip = str(cluster.lab.topology.lan.vip)
    (route,) = json.loads(cluster.from_client("ip", "-j", "route", "get", vip).stdout)
    found: set[str] = set()
    with log.open("w") as output:
        command = cluster.lab.client_command(["arping", "-b", "-I", route["dev"], vip])
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as asking:
            try:
                yield found
            finally:
                asking.terminate()
    found |= {mac.lower() for mac in re.findall(r"\[([0-9A-Fa-f:]{17})\]", log.read_text())}


def arp_is_silent_first(cluster: Cluster, host: str) -> None:
    """Check the order of this boot: ARP was silenced before the VIP was bound, the app after."""
    at = {}
    for unit, moment in (
        ("systemd-sysctl", "ExecMainExitTimestampMonotonic"),
        ("lvs-real-server", "ExecMainStartTimestampMonotonic"),
        ("cosyvoice", "ExecMainStartTimestampMonotonic"),
    ):
        at[unit] = int(cluster.on(host, f"systemctl show --value -p {moment} {unit}"))
    assert 0 < at["systemd-sysctl"] <= at["lvs-real-server"] <= at["cosyvoice"], at
    said = cluster.on(host, "journalctl -qb -o cat -u lvs-real-server")
    # Nothing was left for the program itself to silence.
    assert "bound to lo" in said and " -> " not in said, said


def spooled(cluster: Cluster) -> dict[str, int]:
    """Outputs that wait on each node for the shared folder."""
    found = {}
    for name in REAL_SERVERS:
        address = cluster.lab.topology.node(name).address
        status = cluster.from_client("curl", "-sS", f"http://{address}:7860/cluster/status").stdout
        found[name] = int(json.loads(status)["storage"]["spooled"])
    return found


def macs(cluster: Cluster, names: tuple[str, ...]) -> set[str]:
    return {cluster.lab.topology.node(name).mac for name in names}


def cut_power(cluster: Cluster, *names: str) -> None:
    """Of these machines or, without names, of all but the clients."""
    nodes = cluster.lab.topology.nodes
    for name in names or [node.name for node in nodes if node.kernel is Kernel.UML]:
        lifecycle.kill(cluster.lab, name)


def power_on(cluster: Cluster, *names: str) -> None:
    """All of these at once; returns when each lets the lab's key in."""
    assert sorted(lifecycle.start(cluster.lab, names)) == sorted(names)


def faults(cluster: Cluster) -> list[str]:
    return [fault["text"] for fault in cluster.json("status")["faults"]]


def no_change(cluster: Cluster) -> bool:
    plan: Any = cluster.json("plan")
    return plan["changes"] is False
