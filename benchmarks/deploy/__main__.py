"""First deploy and no-change deploy of the lab, by `cluster` and by Ansible, in one run.

    python -m benchmarks.deploy [--repeats N]

Each contender gets a fresh lab for its first deploy, then deploys again without a change. Both do
the same work on the same hosts over the same SSH: packages (already there), files with their
checks, sysctls, addresses, mounts, services, and waiting until the app and VRRP are there. The
app's own start (imports on a slow kernel) is a large part of a first deploy and the same for both;
it is measured on its own and shown, so that the ratio can be read with and without it.
"""

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.numbers import at_least
from provisioning.lab import lifecycle
from provisioning.lab.running import Lab
from provisioning.lab.topology import kinds, plan
from provisioning.model.loader.load import load_inventory
from provisioning.operations.release import build_release
from provisioning.roles.storage import mount_source

HERE = Path(__file__).parent
CLUSTER = [sys.executable, "-m", "provisioning"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=at_least(1), default=3, help="no-change deploys of each")
    repeats = parser.parse_args().repeats
    playbook = _ansible()
    ours = _measure("cluster", lambda lab, folder: _our_command(lab, folder), repeats)
    theirs = _measure("ansible", lambda lab, folder: _their_command(lab, folder, playbook), repeats)
    print(f"\n{'seconds':28}{'cluster':>10}{'ansible':>10}{'ratio':>8}")
    rows = {
        "first deploy": ("first",),
        "first deploy less app start": ("first", "app_start"),
        "no-change deploy (median)": ("again",),
    }
    for title, (key, *less) in rows.items():
        a, b = (times[key] - sum(times[name] for name in less) for times in (ours, theirs))
        print(f"{title:28}{a:10.2f}{b:10.2f}{b / a:8.1f}")


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


def _measure(title: str, command: Any, repeats: int) -> dict[str, float]:
    lab = lifecycle.up(plan("bench"), report=lambda line: None)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            argv, environment = command(lab, Path(scratch))
            first = _timed(title, "first deploy", argv, environment)
            app_start = _app_start(lab)
            again = [_timed(title, "no-change deploy", argv, environment) for _ in range(repeats)]
    finally:
        lifecycle.down("bench")
    return {"first": first, "app_start": app_start, "again": statistics.median(again)}


def _timed(title: str, what: str, argv: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(
        argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - began
    print(f"{title}: {what}: {seconds:.2f} s", flush=True)
    if done.returncode != 0:
        sys.exit(f"{title} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return seconds


def _app_start(lab: Lab) -> float:
    """Seconds the slowest node's app took from its start until it was ready, by its own log."""
    slowest = 0.0
    for node in ("rs1", "rs2", "rs3"):
        script = (
            "pid=$(pgrep -o -f 'python.* -m app'); "
            "echo $(stat -c %Y /proc/$pid) "
            '$(date -d "$(sed -n \'s/.*"time": "\\([^"]*\\)".*startup complete.*/\\1/p\' '
            '/var/log/cosyvoice/app.log | head -1)" +%s)'
        )
        done = lab.exec(node, ["sudo", "sh", "-c", script])
        began, ready = (float(word) for word in done.stdout.split())
        slowest = max(slowest, ready - began)
    return slowest


def _inventory(lab: Lab, folder: Path) -> Path:
    content = yaml.safe_load(lab.inventory.read_text())
    # A change of the sample is none of the work measured; what is served is the same for both.
    content["services"] = [{"name": "web", "port": 7860, "scheduler": "rr", "persistence": None}]
    path = folder / "inventory.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def _our_command(lab: Lab, folder: Path) -> tuple[list[str], dict[str, str]]:
    import os

    argv = [*CLUSTER, "deploy", "-i", str(_inventory(lab, folder)), "--yes", "--no-verify"]
    return argv, dict(os.environ)


def _their_command(lab: Lab, folder: Path, playbook: str) -> tuple[list[str], dict[str, str]]:
    import os

    path = _inventory(lab, folder)
    inventory = load_inventory(path)
    files = folder / "files"
    subprocess.run(
        [*CLUSTER, "render", "-i", str(path), "--out", str(files)], check=True, capture_output=True
    )
    release = build_release(inventory.app, folder)
    archive = folder / "release.tar.gz"
    archive.write_bytes(release.data)
    secret = folder / "secret"
    secret.write_text(secrets.token_hex(32))
    groups: dict[str, Any] = {}
    for group in ("directors", "real_servers", "storage"):
        groups[group] = {
            "hosts": {
                node.name: {
                    "ansible_host": "127.0.0.1",
                    "ansible_port": lab.record.ssh_ports[node.name],
                    "ansible_host_address": str(node.address),
                }
                for node in lab.topology.of_kind(kinds()[group])
            }
        }
    variables = {
        "ansible_user": "ops",
        "ansible_ssh_private_key_file": str(inventory.ssh.key_file),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={inventory.ssh.known_hosts_file}",
        "ansible_python_interpreter": "/usr/bin/python3",
        "files": str(files),
        "release": str(archive),
        "release_id": release.id,
        "python": str(inventory.app.python),
        "secret": str(secret),
        "nfs": mount_source(inventory),
    }
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps({"all": {"vars": variables, "children": groups}}))
    # Its fastest settings: one SSH connection a host, no copy of each module, all hosts at once.
    environment = dict(os.environ) | {
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_HOST_KEY_CHECKING": "1",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s",
        "ANSIBLE_NOCOLOR": "1",
    }
    return [playbook, "-i", str(hosts), str(HERE / "playbook.yaml")], environment


if __name__ == "__main__":
    main()
