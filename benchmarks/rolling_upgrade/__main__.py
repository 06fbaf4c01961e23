"""The same upgrade of three nodes by `cluster` and by Ansible, each under the same steady load.

    python -m benchmarks.rolling_upgrade [--soak SECONDS]

Each contender gets a fresh lab that runs a first release, then upgrades it while clients speak,
stream, upload and hold sessions through the VIP (see load.py). The playbook does what people write:
`serial: 1`, weight 0 by ipvsadm on both directors, wait for the table to be empty for a minute,
restart, wait for the port, weight back. Printed side by side: requests begun, done, failed and
lost, and the time of the upgrade. Watching (soak) is our own addition, and shown apart from it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.numbers import at_least
from benchmarks.rolling_upgrade.clients import Load, load
from benchmarks.rolling_upgrade.releases import write_release
from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from provisioning.lab.topology import kinds, plan
from provisioning.model.app import App
from provisioning.model.loader.load import load_inventory
from provisioning.operations.release import build_release

HERE = Path(__file__).parent
CLUSTER = [sys.executable, "-m", "provisioning"]
NODES = ("rs1", "rs2", "rs3")
WEIGHT = 100
Command = tuple[list[str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one contender."""

    seconds: float
    status: int
    load: Load
    figures: dict[str, Any]
    """Ours only: of each node what took how long."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--soak", type=at_least(0), default=15, help="seconds that ours watches each node"
    )
    soak = parser.parse_args().soak
    playbook = _ansible()
    ours = _measure("cluster", lambda lab, folder: _our_command(folder, soak))
    theirs = _measure("ansible", lambda lab, folder: _their_command(lab, folder, playbook))
    _print(ours, theirs, soak)


def _print(ours: Outcome, theirs: Outcome, soak: int) -> None:
    rows = {
        "requests begun": (ours.load.count("begun"), theirs.load.count("begun")),
        "done": (ours.load.count("done"), theirs.load.count("done")),
        "failed": (ours.load.count("failed"), theirs.load.count("failed")),
        "lost": (ours.load.count("lost"), theirs.load.count("lost")),
        "seconds": (round(ours.seconds, 1), round(theirs.seconds, 1)),
        "seconds less soak": (round(ours.seconds - 3 * soak, 1), round(theirs.seconds, 1)),
        "exit status": (ours.status, theirs.status),
    }
    print(f"\n{'':20}{'cluster':>10}{'ansible':>10}")
    for title, (a, b) in rows.items():
        print(f"{title:20}{a:>10}{b:>10}")
    for host, parts in ours.figures.items():
        shown = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
        ratio = parts["total"] / parts["minimum"] if parts["minimum"] else 0.0
        print(f"{host}: {shown}, total over minimum {ratio:.2f}")


def _measure(title: str, command: Callable[[Lab, Path], Command]) -> Outcome:
    lab = lifecycle.up(plan("bench"), report=lambda line: None)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            _first_release(lab, folder)
            argv, environment = command(lab, folder)
            print(f"{title}: upgrading under load", flush=True)
            with load(lab) as seen:
                began = time.monotonic()
                done = subprocess.run(
                    argv,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                seconds = time.monotonic() - began
            if done.returncode:
                print(f"{title} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
            return Outcome(seconds, done.returncode, seen, _figures(done.stdout))
    finally:
        lifecycle.down("bench")


def _figures(output: str) -> dict[str, Any]:
    """Return what our last event says of the nodes' times."""
    events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    found: dict[str, Any] = events[-1].get("downtimes", {}) if events else {}
    return found


def _first_release(lab: Lab, folder: Path) -> None:
    content = yaml.safe_load(lab.inventory.read_text())
    content["services"] = [{"name": "web", "port": 7860, "scheduler": "wlc", "persistence": None}]
    content["app"] |= {
        "source": str(write_release(folder, "1.0")),
        "workers": 2,
        "job_timeout": 90,
        "session_routing": True,
    }
    for name in NODES:
        content["real_servers"]["hosts"][name]["weight"] = WEIGHT
    (folder / "inventory.yaml").write_text(yaml.safe_dump(content))
    deploy = [*CLUSTER, "deploy", "-i", str(folder / "inventory.yaml"), "--yes", "--no-verify"]
    done = subprocess.run(
        deploy, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the first deploy failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")


def _our_command(folder: Path, soak: int) -> Command:
    seconds = f"{soak}s"
    source = write_release(folder, "2.0")
    words = ["--to", str(source), "--yes", "--json", "--no-verify"]
    words += ["--soak", seconds, "--soak-rest", seconds]
    argv = [*CLUSTER, "rolling-upgrade", "-i", str(folder / "inventory.yaml"), *words]
    return argv, dict(os.environ)


def _ansible() -> str:
    """ansible-playbook of the pinned version, in an environment of its own."""
    folder = HERE / ".venv"
    program = folder / "bin" / "ansible-playbook"
    if not program.exists():
        print("installing Ansible", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "-q", "-r", str(HERE / "requirements.txt")]
        subprocess.run(pip, check=True)
    return str(program)


def _their_command(lab: Lab, folder: Path, playbook: str) -> Command:
    inventory = load_inventory(folder / "inventory.yaml")
    release = build_release(App(source=str(write_release(folder, "2.0"))), folder)
    archive = folder / "release.tar.gz"
    archive.write_bytes(release.data)
    groups = {
        group: {
            "hosts": {
                node.name: {
                    "ansible_host": "127.0.0.1",
                    "ansible_port": lab.record.ssh_ports[node.name],
                    "ansible_host_address": str(node.address),
                }
                for node in lab.topology.of_kind(kinds()[group])
            }
        }
        for group in ("directors", "real_servers")
    }
    variables = {
        "ansible_user": "ops",
        "ansible_ssh_private_key_file": str(inventory.ssh.key_file),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={inventory.ssh.known_hosts_file}",
        "ansible_python_interpreter": "/usr/bin/python3",
        "release": str(archive),
        "release_id": release.id,
        "python": str(inventory.app.python),
        "vip": str(lab.topology.lan.vip),
        "weight": WEIGHT,
    }
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps({"all": {"vars": variables, "children": groups}}))
    environment = dict(os.environ) | {
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_HOST_KEY_CHECKING": "1",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s",
        "ANSIBLE_NOCOLOR": "1",
    }
    return [playbook, "-i", str(hosts), str(HERE / "playbook.yaml")], environment


if __name__ == "__main__":
    main()
