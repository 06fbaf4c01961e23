"""``cluster init --look``: what machines show fills the defaults; a virtual IP that somebody has
is asked for again. Machines are network namespaces, or behind a real sshd."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning.cli import init_ansible, init_look, questionnaire
from provisioning.cli.commands.init import init
from provisioning.engine.fleet import Fleet
from provisioning.model.hosts import ServiceManager
from provisioning.model.loader.load import load_inventory
from provisioning.transport.base import Completed
from tests.gpu_driver.cards import GIB, build, cards
from tests.operations.doctor.namespaces import Lab, Namespace, lab
from tests.transport.conftest import own_sshd as own_sshd
from tests.transport.conftest import sshd as sshd
from tests.transport.sshd import Sshd

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and sshd need root"),
]

_MANAGER = (
    ServiceManager.SYSTEMD
    if Path("/proc/1/comm").read_text() == "systemd\n"
    else ServiceManager.SUPERVISOR
)
_FLAGS = [
    *("--director", "10.99.0.11 10.99.0.12", "--real-server", "10.99.0.21 10.99.0.22"),
    *("--storage", "none", "--edge", "none", "--monitoring-host", "none", "--log-host", "none"),
    *("--ssh-user", "root", "--look"),
]
_REST = [*("--model", "modelscope", "--python", "venv", "--tls", "none", "--firewall")]
_DRIVER = """\
mount -t tmpfs none /proc/driver
mkdir /proc/driver/nvidia
echo 550 > /proc/driver/nvidia/version
export LD_LIBRARY_PATH={folder} NVML_CARDS={folder}/cards
"""


class _Host(Namespace):
    """One that runs something before every script."""

    def __init__(self, name: str, before: str) -> None:
        super().__init__(name)
        self._before = before

    def sh(self, text: str) -> Completed:
        return super().sh(self._before + text)


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    """Hosts of a LAN, on which a stranger has an address that somebody may want."""
    with lab() as hosts:
        hosts.sh("stranger", "ip address add 10.99.0.100/32 dev eth0")
        # A first director that has another name for its interface.
        hosts.sh("lvs2", "ip link set eth0 down; ip link set eth0 name lan0; ip link set lan0 up")
        yield hosts


@pytest.fixture
def on(made: Lab, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Connects ``cluster init`` with these hosts, each after a piece of shell of its own."""

    def connected(before: dict[str, str]) -> None:
        @contextmanager
        def fleet(*_: object, **__: object) -> Iterator[Fleet]:
            yield Fleet(lambda name: _Host(made.namespace(name), before.get(name, "")), forks=4)

        monkeypatch.setattr(init_look, "open_fleet", fleet)

    return connected


def _run(path: Path, *flags: str, said: str | None = None) -> Result:
    return CliRunner().invoke(init, [str(path), *flags], input=said)


def test_what_is_seen_is_said_and_fills_the_defaults(
    on: Callable[[dict[str, str]], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path)
    driver = cards(tmp_path / "cards")
    driver.add(0)
    driver.add(1, memory_total=40 * GIB)
    on(dict.fromkeys(("rs1", "rs2"), _DRIVER.format(folder=tmp_path)))
    monkeypatch.setattr(questionnaire, "on_terminal", lambda: True)
    path = tmp_path / "i.yaml"
    # The VIP again; interface, engine, GPUs and jobs as they are offered.
    result = _run(path, "--vip", "10.99.0.100", *_FLAGS, *_REST, said="10.99.0.101\n\n\n\n\n")
    assert result.exit_code == 0, result.output
    for words in (
        "lvs1 asked its LAN for 10.99.0.100, and was answered by 02:00:00:00:00:42: it is taken",
        "lvs1 asked its LAN for 10.99.0.101: nobody else has it",
        "eth0 10.99.0.11/24",
        "lan0 10.99.0.12/24",
        "1 x NVIDIA H100 80GB HBM3 80 GB, 1 x NVIDIA H100 80GB HBM3 40 GB",
        "Network interface of the hosts [eth0]",
        "[cosyvoice3]",
        "GPUs of each real server [2]",
        "at most 10 by its memory [1]",
    ):
        assert words in result.output, words
    inventory = load_inventory(path)
    assert str(inventory.virtual_ips[0].address.ip) == "10.99.0.101"
    assert (inventory.interface, inventory.directors.hosts["lvs2"].interface) == ("eth0", "lan0")
    gpus = inventory.real_servers.gpus
    assert gpus is not None and (gpus.count, gpus.memory) == (2, 40)
    assert inventory.service_manager is _MANAGER


def test_nobody_is_asked_without_a_terminal(
    on: Callable[[dict[str, str]], None], made: Lab, tmp_path: Path
) -> None:
    """A director without Python asks by ping; a VIP that is taken ends it."""
    no_python = "python3() { echo no python3 >&2; return 127; }\n"
    on(dict.fromkeys(("lvs1", "lvs2"), no_python))
    path = tmp_path / "i.yaml"
    alone = ["--edge", "vip=10.99.0.100 lvs1=10.99.0.11 lvs2=10.99.0.12", *_FLAGS[2:4]]
    result = _run(path, *alone, "--look")
    assert result.exit_code == 1 and not path.exists()
    assert "lvs1 pinged 10.99.0.100, and was answered by 02:00:00:00:00:42" in result.output
    assert "Nothing was written: choose a free address" in result.output
    with made.speaker():
        on({"lvs2": no_python, "rs1": "ip() { :; }\n"})
        result = _run(path, "--vip", "10.99.0.101", *_FLAGS, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["seen"]["lvs1"]["address"] == "10.99.0.11/24"
    assert told["seen"]["lvs1"]["service_manager"] == _MANAGER.value
    assert told["seen"]["lvs2"]["python"] is None and told["seen"]["rs1"]["interface"] is None
    assert told["unseen"] == {}
    assert "rs1: " in result.stderr and "its address is on no interface (none)" in result.stderr
    (vip,) = told["vips"]
    assert not vip["taken"] and "hears 10.99.0.66 speak VRRP with number 51" in vip["said"]


def test_hosts_of_ansible_are_reached_and_their_keys_are_asked_about(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    # Ansible would take seconds each time.
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    addresses = {"localhost": "192.0.2.11", "127.1": "192.0.2.101"}
    monkeypatch.setattr(init_ansible, "_address", addresses.get)
    ansible = tmp_path / "hosts"
    ansible.write_text(
        "[lvs]\nlvs1 ansible_host=localhost\n[gpus]\n节点 ansible_host=127.1\n"
        f"[all:vars]\nansible_port={sshd.port}\nansible_user=root\n"
        f"ansible_ssh_private_key_file={sshd.key}\n",
        encoding="utf-8",
    )
    path, known = tmp_path / "i.yaml", tmp_path / ".ssh" / "known_hosts"
    flags = ["--from-ansible", str(ansible), "--vip", "192.0.2.100", "--look", "--engine", "espeak"]
    flags += ["--monitoring-host", "none", "--tls", "none", "--firewall"]
    # Without anybody to compare keys no host is looked at, and the inventory is written.
    result = _run(path, *flags, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert set(told["unseen"]) == {"lvs1", "rs1"} and not known.exists()
    assert "unknown host key ssh-ed25519 SHA256:" in told["unseen"]["rs1"]
    assert any("the group gpus (节点)" in one for one in told["ansible"])
    monkeypatch.setattr(questionnaire, "on_terminal", lambda: True)
    # Enter is no: a key is believed only where somebody says so.
    lines = "\n" * 5
    result = _run(path, *flags, "--force", said=f"{lines}\n\n\n\n\n")
    assert result.exit_code == 0, result.output
    assert f"lvs1: [localhost]:{sshd.port} shows ssh-ed25519 SHA256:" in result.output
    assert "not looked at: rs1" in result.output and not known.exists()
    result = _run(path, *flags, "--force", said=f"{lines}\ny\n\n\n\n")
    assert result.exit_code == 0, result.output
    assert known.read_text().count(sshd.host_key()) == 2
    assert "lvs1: " in result.output and "not looked at" not in result.output
    inventory = load_inventory(path)
    assert inventory.ssh.user == "root" and inventory.ssh.port == sshd.port
    assert inventory.real_servers.hosts["rs1"].ssh.host == "127.1"
    assert inventory.service_manager is _MANAGER
