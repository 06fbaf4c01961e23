"""A cluster without IPv4, and a port below 1024: what its real servers are given, run as they run
it, each in a network of its own, and asked from the LAN as a director passes connections on."""

import contextlib
import json
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.node_process import ROOT, unpack
from tests.roles.rendered import files

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="makes networks"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="there is no setpriv here"),
]

CASE, VIP = "ipv6-only", "2001:db8:1::100"
NODES = {"rs1": "2001:db8:1::21", "rs2": "2001:db8:1::22"}
_OPEN = all(folder.stat().st_mode & 1 for folder in (ROOT, *ROOT.parents))
# Where this checkout is root's alone, so is the interpreter; then all but the account is proved.
_USER, _GROUP = ("nobody", "nogroup") if _OPEN else ("root", "root")

_FROM_THE_LAN = """
import json, socket, subprocess, sys, time
import httpx

vip, nodes, macs = json.loads(sys.argv[1])
at = {name: f"http://[{address}]" for name, address in nodes.items()}


def get(url):
    return httpx.get(url, timeout=30)


def wait(true):
    end = time.monotonic() + 150
    while True:
        try:
            if true():
                return
        except httpx.TransportError as error:
            last = error
        assert time.monotonic() < end, last
        time.sleep(0.2)


for url in (*(f"{at[name]}:80" for name in nodes), f"{at['rs2']}:7860"):
    wait(lambda: get(f"{url}/readyz").status_code == 200)

found = {}
try:
    get(f"{at['rs1']}:7860/readyz")
except httpx.ConnectError as error:
    found["rs1 at a service that it does not serve"] = "refused" in str(error)

# Nobody says that it has the VIP: the director alone may.
try:
    socket.create_connection((vip, 80), 20).close()
    found["said who has the VIP"] = True
except OSError:
    found["said who has the VIP"] = False

# As a director does: the packet for the VIP to the node's own hardware address.
found["at the VIP"] = []
for name, mac in macs.items():
    neighbour = f"ip -6 neighbour replace {vip} lladdr {mac} dev lan nud permanent"
    subprocess.run(neighbour.split(), check=True)
    found["at the VIP"].append(get(f"http://[{vip}]/healthz").json()["node"])
body = {"model": "tts-1", "input": "hello", "response_format": "wav"}
spoken = httpx.post(f"http://[{vip}]/v1/audio/speech", json=body, timeout=60)
found["spoken"] = [spoken.status_code, spoken.content[:4].decode("latin-1")]

# One owner, whichever node is asked: peers reach each other.
call = {"data": [], "fn_index": 10**6}
owners = set()
wait(lambda: all(get(f"{url}:80/readyz").status_code == 200 for url in at.values()))
for number in range(8):
    asked = call | {"session_hash": f"session{number}"}
    heads = [
        httpx.post(f"{url}:80/gradio_api/queue/join", json=asked, timeout=30).headers
        for url in at.values()
    ]
    names = [head.get_list("x-node") for head in heads]
    assert names[0] == names[1], names
    owners |= set(names[0])
found["owners"] = sorted(owners)
print(json.dumps(found))
"""


@contextlib.contextmanager
def network() -> Iterator[int]:
    """A network of its own, by the process that holds it."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "ip link set lo up; echo; exec sleep 900"],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


def inside(pid: int, *words: str) -> list[str]:
    return ["nsenter", f"--net=/proc/{pid}/ns/net", *words]


def in_order(pid: int, script: str) -> str:
    done = subprocess.run(
        inside(pid, "sh", "-ec", script), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def join(lan: int, node: int, name: str) -> str:
    """Plug the node into the LAN; its hardware address."""
    in_order(
        lan,
        f"ip link add {name} type veth peer name eth0 netns {node}; "
        f"ip link set {name} master lan up",
    )
    in_order(node, f"ip link set eth0 up; ip address add {NODES[name]}/64 dev eth0 nodad")
    (link,) = json.loads(in_order(node, "ip -j link show dev eth0"))
    return str(link["address"])


class Host:
    """A real server's files, in a folder instead of the system's."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        for part in ("state", "outputs", "log"):
            (folder / part).mkdir(parents=True)
            shutil.chown(folder / part, _USER)
        (folder / "secret").write_text("0123456789abcdef0123456789abcdef\n")
        (folder / "secret").chmod(0o640)
        shutil.chown(folder / "secret", group=_GROUP)
        release = unpack(folder)
        (folder / "current").symlink_to(release)
        for path, target in (
            ("/etc/cosyvoice/app.env", "app.env"),
            ("/etc/cosyvoice/peers", "peers"),
            ("/opt/cosyvoice/run.sh", "run.sh"),
            ("/usr/local/sbin/lvs-real-server", "lvs-real-server"),
        ):
            (folder / target).write_text(self._moved(files(CASE)[f"{name}{path}"].content))
            (folder / target).chmod(0o755)

    def _moved(self, text: str) -> str:
        places = {
            "/opt/cosyvoice/venv/bin/python": shlex.quote(sys.executable),
            "/etc/cosyvoice/cluster-secret": f"{self._folder}/secret",
            "/etc/cosyvoice": str(self._folder),
            "/opt/cosyvoice": str(self._folder),
            "/srv/cosyvoice": str(self._folder),
            "/var/lib/cosyvoice/": f"{self._folder}/state/",
        }
        for place, there in places.items():
            text = text.replace(place, there)
        return text

    def command(self) -> list[str]:
        """The one that Supervisor starts, as another account."""
        place = "rs1/etc/supervisor/conf.d/cosyvoice.conf"
        text = self._moved(files(CASE)[place].content)
        line = next(line for line in text.splitlines() if line.startswith("command="))
        words = shlex.split(line.removeprefix("command="))
        return [
            word.replace("reuid=cosyvoice", f"reuid={_USER}").replace(
                "regid=cosyvoice", f"regid={_GROUP}"
            )
            for word in words
        ]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Where another account may come to.
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_every_service_is_served(folder: Path) -> None:
    with contextlib.ExitStack() as stack:
        lan = stack.enter_context(network())
        in_order(lan, "ip link add lan type bridge; ip link set lan up")
        in_order(lan, "ip address add 2001:db8:1::11/64 dev lan nodad")
        macs, programs = {}, []
        for name in NODES:
            net = stack.enter_context(network())
            macs[name] = join(lan, net, name)
            host = Host(name, folder / name)
            in_order(net, f"{folder / name / 'lvs-real-server'} start")
            process = subprocess.Popen(
                inside(net, *host.command()),
                stdout=(folder / name / "log" / "app.log").open("w"),
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            programs.append(process.pid)
            stack.callback(process.wait)
            stack.callback(os.killpg, process.pid, signal.SIGKILL)
        asked = json.dumps([VIP, NODES, macs])
        done = subprocess.run(
            inside(lan, sys.executable, "-c", _FROM_THE_LAN, asked),
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        accounts = {pwd.getpwuid(Path(f"/proc/{one}").stat().st_uid).pw_name for one in programs}
        logs = "".join((folder / name / "log" / "app.log").read_text()[-1500:] for name in NODES)
        assert done.returncode == 0, done.stderr + logs
        assert accounts == {_USER}
    assert json.loads(done.stdout) == {
        "rs1 at a service that it does not serve": True,
        "said who has the VIP": False,
        "at the VIP": ["rs1", "rs2"],
        "spoken": [200, "RIFF"],
        "owners": ["rs1", "rs2"],
    }
