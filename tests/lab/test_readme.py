"""README's way from servers with nothing on them to a cluster, typed at a terminal as it stands.

The control machine stands where clients do, so that it reaches machines and VIP by their addresses.
It reaches no package index from there: the nodes' packages are fetched before, from elsewhere.
"""

import fcntl
import os
import pty
import re
import subprocess
import termios
from pathlib import Path

import pytest

from provisioning.lab.running import Lab
from provisioning.lab.topology import LOGIN_USER

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(3600)]

_REPOSITORY = Path(__file__).parents[2]
_YES_OR_NO = re.compile(rb"\[y/n\]: $", re.I)
_ANY_OTHER = re.compile(rb"\]: $")
"""Such as ``Interface [eth0]: ``."""


def block() -> list[str]:
    """Lines of "On your own servers"."""
    readme = (_REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = readme.split("## On your own servers")[1]
    found: list[str] = re.findall(r"```sh\n(.*?)```", section, re.S)
    return found[0].splitlines()


def ssh_folder(lab: Lab, home: Path, *, forwarded: bool) -> None:
    """What the operator has: a key, and the way to the machines."""
    folder = home / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    blocks = []
    for name in ("lvs1", "lvs2", "rs1", "rs2"):
        way = f"HostName 127.0.0.1\n  Port {lab.record.ssh_ports[name]}" if forwarded else "Port 22"
        blocks.append(
            f"Host {lab.topology.node(name).address}\n  User {LOGIN_USER}\n"
            f"  IdentityFile {lab.folder.key}\n  {way}\n"
        )
    (folder / "config").write_text("".join(blocks))


def typed(command: list[str], folder: Path, home: Path) -> tuple[str, int]:
    """What was said on a terminal, and the status: yes to what is asked, else the default."""
    master, slave = pty.openpty()
    outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    with subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env={**outside, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(slave)
        said = b""
        while piece := _read(master):
            said += piece
            if _YES_OR_NO.search(said):
                os.write(master, b"y\n")
            elif _ANY_OTHER.search(said):
                os.write(master, b"\n")
        os.close(master)
        text = said.decode("utf-8", "replace")
        print(text)
        return text, process.wait(60)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        # The other side has ended.
        return b""


def test_a_stranger_gets_a_cluster_that_speaks(bare_servers: Lab, tmp_path: Path) -> None:
    lab, home, there = bare_servers, tmp_path / "home", tmp_path / "elsewhere"
    ssh_folder(lab, home, forwarded=False)
    ssh_folder(lab, there, forwarded=True)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(_REPOSITORY), str(clone)], check=True)
    (clone / "inventory.yaml").unlink()
    lines = block()
    begins = next(number for number, line in enumerate(lines) if line.startswith("cluster init"))
    build, (init, *rest) = lines[:begins], lines[begins:]
    said, status = typed(["bash", "-ec", "\n".join(build)], clone, home)
    assert status == 0, said

    address = {name: str(lab.topology.node(name).address) for name in lab.record.ssh_ports}
    answers = [
        *("--vip", str(lab.topology.lan.vip), "--look", "--python", "wheelhouse"),
        *(word for name in ("lvs1", "lvs2") for word in ("--director", address[name])),
        *(word for name in ("rs1", "rs2") for word in ("--real-server", address[name])),
        *("--storage", "none", "--edge", "none", "--monitoring-host", "none"),
        *("--log-host", "none", "--tls", "none", "--no-firewall", "--engine", "espeak"),
        *("--ssh-user", LOGIN_USER),
    ]
    in_venv = "PATH=$HOME/.cluster-venv/bin:$PATH\n"

    def at_the_cluster(script: str) -> tuple[str, int]:
        return typed(lab.client_command(["bash", "-ec", in_venv + script]), clone, home)

    init = f"{init.partition('#')[0]} {' '.join(answers)}"
    said, status = at_the_cluster(init)
    assert status == 0, said
    cluster = home / ".cluster-venv" / "bin" / "cluster"
    fetched = subprocess.run(
        [cluster, "bundle", "create", "--accept-new-host-keys", "--out", tmp_path / "nodes.bundle"],
        cwd=clone,
        env={**os.environ, "HOME": str(there)},
        check=False,
    )
    assert fetched.returncode == 0

    # `plan` says by its status that there is something to change, and the last line never ends.
    validate, plan, deploy, watch = rest
    said, status = at_the_cluster(validate)
    assert status == 0, said
    said, status = at_the_cluster(plan)
    assert status == 2, said
    said, status = at_the_cluster(deploy)
    assert status == 0, said
    said, status = at_the_cluster(f"timeout 60 {watch}")
    assert status == 124 and "rs1" in said, said
    ready = lab.client_exec(["curl", "-fsS", f"http://{lab.topology.lan.vip}:7860/readyz"])
    assert ready.returncode == 0
