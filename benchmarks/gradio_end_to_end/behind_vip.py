"""A lab in front of a demo's nodes: every connection is scheduled by IPVS, under `rr`, and goes
through the kernel of a real server.

The nodes themselves run at the lab's client, on the fast cores of this machine: on three virtual
kernels each of the demos would take a minute to start. A real server passes what comes to its port
on to its node.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from provisioning.lab.topology import CLIENTS, kinds, plan

PORT = 7860
NODES = {"one": 17001, "two": 17002, "three": 17003}
"""Ports of a demo's nodes at the client."""
_FORWARD = Path(__file__).with_name("forward.py").read_text(encoding="utf-8")


def client(lab: Lab) -> str:
    """The client's address."""
    return str(lab.topology.of_kind(CLIENTS)[0].address)


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """One that is deployed, and whose real servers pass everything on."""
    made = lifecycle.up(plan("gradio"), report=lambda line: None)
    with contextlib.ExitStack() as ending:
        ending.callback(lifecycle.down, "gradio")
        _deploy(made)
        servers = made.topology.of_kind(kinds()["real_servers"])
        for server, port in zip(servers, NODES.values(), strict=True):
            stop = "supervisorctl stop cosyvoice"
            _run(made.ssh_command(server.name, ["sudo", "sh", "-c", stop]))
            words = ["python3", "-c", _FORWARD, "0.0.0.0", str(PORT), client(made), str(port)]
            process = subprocess.Popen(
                made.ssh_command(server.name, words), stdin=subprocess.DEVNULL
            )
            ending.callback(process.kill)
        # The directors' checks find them there.
        time.sleep(5)
        yield made


def _deploy(made: Lab) -> None:
    content = yaml.safe_load(made.inventory.read_text(encoding="utf-8"))
    service = {"name": "web", "port": PORT, "scheduler": "rr", "persistence": None}
    content["services"] = [service | {"check": {"type": "tcp"}}]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inventory.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        words = ["deploy", "-i", str(path), "--yes", "--no-verify"]
        _run([sys.executable, "-m", "provisioning", *words])


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
