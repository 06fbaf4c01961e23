"""Any free text of the inventory gives files that say what was meant, or none.

Scripts are run with every program replaced by one that notes how it was called, in a network of
their own and below a folder that stands for the system's.
"""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest

from provisioning.model.derived.resolve import interface_of
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.model.secrets.secret_program import not_asked
from provisioning.places import (
    CERTIFICATE_FILE,
    EDGE_REQUESTS,
    EDGE_RUN,
    NGINX_CONF,
    NGINX_LISTEN,
    NGINX_LOG,
)
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.certificates import made
from tests.roles.hostile import ALL, PWN, Place, accepted, with_text
from tests.roles.test_accepted import keepalived_says, run

_NOTE = '#!/bin/sh\nprintf "%s\\0" "${0##*/}" "$@" >> "$NOTES"; printf "\\n" >> "$NOTES"\n'
_PROGRAMS = ("ip", "logger", "mkdir", "mv", "python", "modprobe", "mount", "exportfs", PWN)


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """A folder for the system's, and programs that note how they are called."""
    for folder in ("bin", "here", "root/opt/cosyvoice/current", "root/run", "root/srv"):
        (tmp_path / folder).mkdir(parents=True)
    for name in _PROGRAMS:
        program = tmp_path / "bin" / name
        program.write_text(_NOTE)
        program.chmod(0o755)
    return tmp_path


def called(sandbox: Path, script: str, *arguments: str) -> list[list[str]]:
    """Programs that the script called, with their arguments."""
    notes = sandbox / "notes"
    notes.write_text("")
    path = sandbox / "script"
    path.write_text(script)
    subprocess.run(
        ["/usr/bin/unshare", "--net", "/bin/sh", str(path), *arguments],
        cwd=sandbox / "here",
        env={"PATH": str(sandbox / "bin"), "NOTES": str(notes)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert list((sandbox / "here").iterdir()) == [], "a file was made by a redirection"
    calls = [line.split("\0") for line in notes.read_text().split("\0\n") if line]
    assert not [call for call in calls if call[0] == PWN]
    return calls


def below(sandbox: Path, content: str, inventory: Inventory) -> str:
    """A script that looks for the system's folders below the sandbox's."""
    root = sandbox / "root"
    for name in ("all", *inventory.directors.hosts, *inventory.real_servers.hosts):
        where = name if name == "all" else interface_of(inventory, name)
        (root / "proc/sys/net/ipv4/conf" / where).mkdir(parents=True, exist_ok=True)
    (root / str(inventory.app.directory).lstrip("/") / "current").mkdir(parents=True, exist_ok=True)
    app = shlex.quote(str(inventory.app.directory))
    for folder in ("/proc/sys/", "/run/cosyvoice", f"{app}/current"):
        content = content.replace(folder, f"{root}{folder}")
    return content


def files_of(inventory: Inventory) -> Iterator[tuple[str, File]]:
    """Every file of every host."""
    # A text that was meant to name a program of a vault names none.
    with not_asked("stand-in"):
        hosts = desired_hosts(inventory, None, Runtime())
    for host, desired in hosts.items():
        for resource in desired.resources:
            if isinstance(resource, File):
                yield host, resource


def _scripts(sandbox: Path, file: File, inventory: Inventory) -> None:
    said = run("/bin/sh", "-n", "-c", file.content)
    assert said.returncode == 0, said.stderr
    content = below(sandbox, file.content, inventory)
    if "lvs-real-server" in file.path:
        calls = called(sandbox, content, "start")
        vips = [f"{v.address.ip}/{v.address.max_prefixlen}" for v in inventory.virtual_ips]
        assert [call[3] for call in calls if call[:3] == ["ip", "address", "replace"]] == vips
    elif file.path.endswith("notify"):
        fifo = sandbox / "fifo"
        fifo.write_text('INSTANCE "VI_1" MASTER 150\n')
        called(sandbox, content, str(fifo))
    elif file.path.endswith("run.sh"):
        python = shlex.quote(str(inventory.app.python))
        content = content.replace(f"python={python}", "python=python")
        own = ["--host", "0.0.0.0", "--port", "7860", "--enable-queue"]
        if inventory.edges is not None:
            own += ["--trusted-proxies", "127.0.0.1,::1,192.168.1.51"]
        release = sandbox / "root" / str(inventory.app.directory).lstrip("/") / "current"
        # A release made before, or of another app, and one of this app.
        for package in ("app", "cosyvoice_cluster.app"):
            (release / package.replace(".", "/")).mkdir(parents=True)
            (call,) = called(sandbox, content)
            assert call == ["python", "-m", package, *own, *inventory.app.arguments]
        shutil.rmtree(release)
    else:
        called(sandbox, content)


def _environment(file: File, inventory: Inventory, host: str) -> None:
    wanted = {**inventory.app.environment, **inventory.real_servers.hosts[host].environment}
    script = "set -a; . /dev/stdin; exec /usr/bin/env -0"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        input=file.content.encode(),
        env={"PATH": "/nowhere"},
        capture_output=True,
        check=True,
    )
    assert not done.stderr
    got = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
    assert {key: got[key] for key in wanted} == {key: str(text) for key, text in wanted.items()}


def _supervisor(file: File, inventory: Inventory) -> None:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(file.content)
    (section,) = parser.sections()
    words = shlex.split(parser[section]["command"] % {"ENV_PATH": PWN, "here": "/"})
    assert PWN not in words
    if section == "program:cosyvoice":
        assert words[-1] == f"{inventory.app.directory}/run.sh"
        assert parser[section]["user"] == inventory.app.user


def _keepalived(tmp_path: Path, file: File, interfaces: set[str]) -> None:
    path = tmp_path / "keepalived.conf"
    path.write_text(file.content)
    path.chmod(0o600)
    status, said = keepalived_says(path, *sorted(interfaces - {"eth0"}))
    assert (status, said) == (0, "")


def _nginx(tmp_path: Path, file: File) -> None:
    one = made()
    (tmp_path / "certificate.pem").write_text(one.key_pem() + one.pem)
    (tmp_path / "listen.conf").write_text("listen 443 ssl;")
    content = file.content
    for theirs in (CERTIFICATE_FILE, NGINX_LISTEN):
        content = content.replace(theirs, str(tmp_path / theirs.rpartition("/")[2]))
    (tmp_path / "run").mkdir(exist_ok=True)
    content = content.replace(EDGE_RUN, str(tmp_path / "run")).replace(EDGE_REQUESTS, "/dev/null")
    content = content.replace(NGINX_LOG, "stderr").replace("/run/nginx.pid", f"{tmp_path}/pid")
    path = tmp_path / "nginx.conf"
    path.write_text(content)
    said = run("unshare", "--net", "nginx", "-t", "-q", "-c", str(path))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def _unit(tmp_path: Path, file: File) -> None:
    path = tmp_path / Path(file.path).name
    path.write_text(
        "\n".join(
            "ExecStart=/bin/true" if line.startswith("ExecSt") else line
            for line in file.content.splitlines()
        )
    )
    done = run("systemd-analyze", "verify", "--man=no", str(path))
    assert [line for line in done.stderr.splitlines() if path.name in line] == []


@pytest.mark.parametrize("place", ALL, ids=lambda place: ".".join(map(str, place)))
def test_files_say_what_was_meant(place: Place, sandbox: Path, tmp_path: Path) -> None:
    seen = {file.content.partition("deploy")[2] for _, file in _usual()}
    for text, inventory in accepted(place, tmp_path):
        interfaces = {
            *(interface_of(inventory, name) for name in inventory.directors.hosts),
            *(vip.interface for vip in inventory.virtual_ips if vip.interface),
        }
        if inventory.edges is not None:
            interfaces |= {interface_of(inventory, name) for name in inventory.edges.hosts}
            interfaces |= {inventory.edges.vip.interface or "eth0"}
        if inventory.ipvs.sync_daemon and inventory.ipvs.sync_daemon.interface:
            interfaces.add(inventory.ipvs.sync_daemon.interface)
        for host, file in files_of(inventory):
            # Behind the header, which differs with the inventory.
            body = file.content.partition("deploy")[2]
            if body in seen:
                continue
            seen.add(body)
            if file.content.startswith("#!/bin/sh"):
                _scripts(sandbox, file, inventory)
            elif file.path.endswith("app.env"):
                _environment(file, inventory, host)
            elif "/supervisor/conf.d/" in file.path:
                _supervisor(file, inventory)
            elif file.path.endswith(".service"):
                _unit(tmp_path, file)
            elif file.path == NGINX_CONF:
                _nginx(tmp_path, file)
            elif file.path.endswith("keepalived.conf"):
                _keepalived(tmp_path, file, interfaces)
            else:
                assert not set(file.content.splitlines()) & {PWN, f"{PWN} "}, text


def _usual() -> Iterator[tuple[str, File]]:
    return files_of(Inventory.model_validate(with_text(("name",), "a")))
