"""Hosts with a network of their own on this machine: network namespaces on one bridge.

What is not of the network (files, programs, the kernel) is this machine's. A recording is made by::

    python -m tests.operations.doctor.namespaces

which writes the answers of hosts in order, and of the same with what is wrong in ``FAULTS``.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from provisioning.engine.fleet import Fleet
from provisioning.engine.frames import observations
from provisioning.model.inventory import Inventory
from provisioning.operations.doctor.examination import examine
from provisioning.transport.base import Completed, Conversation
from tests.operations.replay import Answer, Recording, frames

RECORDED = Path(__file__).parent / "recorded"
CONTENT = {
    "vip": "10.99.0.100",
    "service_manager": "supervisor",
    "directors": {"hosts": {"lvs1": "10.99.0.11", "lvs2": "10.99.0.12"}},
    "real_servers": {"hosts": {"rs1": "10.99.0.21", "rs2": "10.99.0.22"}},
    "storage": {"hosts": {"nas1": "10.99.0.31"}},
    "app": {"venv": True},
}
INVENTORY = Inventory.model_validate(CONTENT)
HOSTS = {"lvs1": 11, "lvs2": 12, "rs1": 21, "rs2": 22, "nas1": 31, "stranger": 66}


def inside(namespace: str) -> list[str]:
    """A shell there; the host's name is one that can be looked up, and no deploy was there."""
    start = "hostname localhost; mount -t tmpfs none /etc/sysctl.d; exec sh -s"
    alone = ["unshare", "--uts", "--mount"]
    return ["ip", "netns", "exec", namespace, *alone, "sh", "-c", start]


class Namespace:
    """One of them, as a host that is connected to."""

    def __init__(self, name: str, kept: dict[str, list[Answer]] | None = None) -> None:
        self.name = name
        self._kept = kept

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        text = script.decode() if isinstance(script, bytes) else script
        done = self.sh(text)
        if self._kept is not None:
            marker = frames(text)[0][0]
            for key, seen in observations(done.stdout, done.stderr, marker).items():
                self._kept[key].append((seen.stdout, seen.stderr, seen.status))
        return done

    def sh(self, text: str) -> Completed:
        sent = text.encode()
        done = subprocess.run(inside(self.name), input=sent, capture_output=True, check=False)
        return Completed(done.stdout, done.stderr, done.returncode)

    def converse(self, script: str) -> Conversation:
        raise NotImplementedError("nothing holds a lock here")

    def close(self) -> None:
        pass


class Lab:
    """The hosts of ``INVENTORY``, and a machine that is not of them."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def namespace(self, name: str) -> str:
        """Its name for ip-netns(8)."""
        return self._prefix + name

    def sh(self, name: str, text: str) -> None:
        """Runs it there; it has to end well."""
        done = Namespace(self._prefix + name).sh(f"set -e\n{text}")
        assert done.status == 0, done.stderr

    @contextmanager
    def speaker(self) -> Iterator[None]:
        """The stranger advertises a VRID, from before the block to its end."""
        words = ["ip", "netns", "exec", self.namespace("stranger"), sys.executable, "-c", ADVERTISE]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None and process.stdout.readline()
                yield
            finally:
                process.kill()

    def fleet(self, kept: Recording | None = None) -> Fleet:
        """Connections, whose answers go to ``kept``."""

        def connect(name: str) -> Namespace:
            return Namespace(self._prefix + name, None if kept is None else kept[name])

        return Fleet(connect, forks=len(HOSTS))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def lab() -> Iterator[Lab]:
    """Makes the hosts, and takes them away."""
    prefix = f"cvd{os.getpid()}-"
    names = ["switch", *HOSTS]
    try:
        for name in names:
            _ip("netns", "add", prefix + name)
            _ip("-n", prefix + name, "link", "set", "lo", "up")
        switch = prefix + "switch"
        _ip("-n", switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", switch, "link", "set", "br0", "up")
        for name, number in HOSTS.items():
            port, host = f"v{number}", prefix + name
            mac = ["address", f"02:00:00:00:00:{number:02x}"]
            peer = ["type", "veth", "peer", "name", "eth0", *mac, "netns", host]
            _ip("-n", switch, "link", "add", port, *peer)
            _ip("-n", switch, "link", "set", port, "master", "br0", "up")
            _ip("-n", host, "link", "set", "eth0", "up")
            _ip("-n", host, "address", "add", f"10.99.0.{number}/24", "dev", "eth0")
            _ip("-n", host, "route", "add", "default", "via", "10.99.0.1")
        yield Lab(prefix)
    finally:
        for name in names:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", prefix + name)


ADVERTISE = """
import socket, struct, time
# VRRPv3 (RFC 9568): type and version, VRID, priority, one address, an interval of a second.
head = struct.pack("!BBBBHH", 0x31, 51, 200, 1, 100, 0)
one = socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)
one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.99.0.66"))
spoke = "spoke"
while True:
    one.sendto(head + socket.inet_aton("10.99.0.77"), ("224.0.0.18", 0))
    if spoke:
        print(spoke, flush=True)
    spoke = ""
    time.sleep(0.1)
"""

FAULTS: dict[str, dict[str, str]] = {
    "stranger-has-vip": {"stranger": "ip address add 10.99.0.100/32 dev eth0"},
    "stranger-has-address": {"stranger": "ip address add 10.99.0.22/24 dev eth0"},
    "stranger-advertises": {},
    "real-server-answers": {"rs1": "ip address add 10.99.0.100/24 dev lo"},
    "vip-by-hand": {
        "lvs2": "ip address add 10.99.0.100/24 dev eth0",
        "rs2": "ip address add 10.99.0.100/32 dev eth0",
    },
    "apart": {"rs2": "ip address flush dev eth0\nip link set eth0 mtu 1400\n"},
    "ways": {
        "lvs1": "echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter\n"
        "ip link add eth1 type veth peer name eth2\nip link set eth2 up\nip link set eth1 up\n"
        "ip address add 10.98.0.11/24 dev eth1\n"
        "ip route replace default via 10.98.0.1 dev eth1",
        "rs1": "ip route replace default via 10.99.0.11",
        "rs2": "ip link set eth0 mtu 9000",
        "lvs2": "ip link set eth0 mtu 1450",
    },
    "dropped": {
        "rs1": "nft add table inet filter\n"
        "nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'\n"
        "nft add rule inet filter input tcp dport 22 accept\n"
        "nft add rule inet filter input ip protocol icmp accept",
        # VRRP has no place in a filter that looks right.
        "lvs2": "nft add table inet filter\n"
        "nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'\n"
        "nft add rule inet filter input ct state established,related accept\n"
        "nft add rule inet filter input iifname lo accept\n"
        "nft add rule inet filter input ip saddr 10.99.0.0/24 tcp dport 22 accept\n"
        "nft add rule inet filter input icmp type echo-request accept",
        "lvs1": "nft add table inet filter\n"
        "nft add chain inet filter peers\n"
        "nft add chain inet filter input '{ type filter hook input priority 0; policy drop; }'\n"
        "nft add rule inet filter input ct state established,related accept\n"
        "nft add rule inet filter peers ip saddr 10.99.0.12 ip protocol vrrp accept\n"
        "nft add rule inet filter input jump peers",
    },
    # The same in iptables' older kind, which nft does not list.
    "dropped-by-iptables": {
        "lvs2": "iptables-legacy -P INPUT DROP\n"
        "iptables-legacy -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "iptables-legacy -A INPUT -i lo -m comment --comment 'of us' -j ACCEPT\n"
        "iptables-legacy -A INPUT -p tcp -m multiport --dports 22,7860 -j ACCEPT\n"
        "iptables-legacy -A INPUT -s 10.98.0.0/16 -p vrrp -j ACCEPT\n"
        "iptables-legacy -A INPUT -p icmp -j ACCEPT",
        "lvs1": "iptables-legacy -P INPUT DROP\n"
        "iptables-legacy -N peers\n"
        "iptables-legacy -A peers -s 10.99.0.8/29 ! -i lo -p vrrp -j ACCEPT\n"
        "iptables-legacy -A INPUT -p tcp -j REJECT\n"
        "iptables-legacy -A INPUT -j peers",
    },
}
"""What is wrong, by the name of its recording: commands on hosts."""


def record(faults: dict[str, str], advertising: bool) -> Recording:
    """Answers of all hosts with these faults."""
    kept: Recording = defaultdict(lambda: defaultdict(list))
    with lab() as made:
        for name, text in faults.items():
            made.sh(name, text)
        with made.speaker() if advertising else nullcontext():
            names = list(HOSTS)[:-1]
            for finding in examine(INVENTORY, made.fleet(kept), names).findings:
                print("   ", finding.rule, finding.host, finding.evidence)
    return kept


def recording(name: str) -> Recording:
    """Answers of hosts in order, with those over them that were others."""
    answers = _load("sound")
    if name != "sound":
        for host, differing in _load(name).items():
            answers[host] |= differing
    return answers


def _load(name: str) -> Recording:
    loaded: Recording = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def _write(name: str, answers: Recording) -> None:
    text = json.dumps(answers, ensure_ascii=False, indent=1)
    (RECORDED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _differing(answers: Recording) -> Recording:
    sound = _load("sound")
    return {
        host: {key: value for key, value in given.items() if value != _plain(sound[host][key])}
        for host, given in answers.items()
    }


def _plain(given: list[Answer]) -> list[Answer]:
    return [(out, err, status) for out, err, status in given]


if __name__ == "__main__":
    if "sound" in sys.argv[1:] or not sys.argv[1:]:
        _write("sound", record({}, advertising=False))
    for title, commands in FAULTS.items():
        if title in sys.argv[1:] or not sys.argv[1:]:
            print(title)
            made_now = record(commands, advertising=title == "stranger-advertises")
            _write(title, _differing(made_now))
