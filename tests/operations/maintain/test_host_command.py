"""A command on a host, in a real sh: begun once, seen to its end, known to have been cut."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.maintain.host_command import CommandSeen, parse_look
from provisioning.operations.maintain.ports import CommandRefusedError, HostIdentityError
from provisioning.operations.maintain.ssh_hosts import SSHHosts
from provisioning.operations.maintain.work import Work, read_script
from provisioning.operations.rolling_upgrade.options import OptionError, UpgradeOptions
from provisioning.resources.base import Observation
from provisioning.transport.base import HostKeyError, Transport, UnreachableError
from tests.engine.sandbox import SandboxTransport
from tests.operations.operating import operation

KEY = "20260101T000000.000Z-abcd-1"


class Site:
    """One host, which is a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, SandboxTransport(folder)
        self.refuses: Exception | None = None
        inventory = Inventory.model_validate(
            {
                "vip": "192.0.2.100/24",
                "interface": "eth0",
                "directors": {"hosts": {"lvs1": "192.0.2.11"}},
                "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
            }
        )
        (folder / "inventory.yaml").write_text("")
        self.fleet = Fleet(self._connect, forks=2)
        self.op = operation(Cluster(inventory, folder / "inventory.yaml"), self.fleet)

    def hands(self, work: Work) -> SSHHosts:
        return SSHHosts(op=self.op, options=UpgradeOptions(), work=work)

    @property
    def kept(self) -> Path:
        return self.folder / "state" / "maintain" / KEY

    def _connect(self, name: str) -> Transport:
        if self.refuses:
            raise self.refuses
        return self.host


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.op.run.journal.close()


def until(look: Callable[[], CommandSeen], state: str) -> CommandSeen:
    end = time.monotonic() + 60
    while (seen := look()).state != state:
        assert time.monotonic() < end, seen
        time.sleep(0.05)
    return seen


def test_it_runs_once_and_its_end_and_its_words_are_known(site: Site, tmp_path: Path) -> None:
    count = tmp_path / "count"
    script = (
        f"#!/bin/bash\n[[ 1 ]] && echo \"$DEBIAN_FRONTEND 'quoted'\" >> '{count}'\n"
        "echo 完成; echo no >&2; exit 3\n"
    )
    hands = site.hands(Work(run=f"echo 一 >> '{count}'", script=script, script_name="s"))
    assert hands.command("rs1", KEY, 0) == CommandSeen("absent", None, b"")
    for _ in range(3):
        hands.begin_command("rs1", KEY)
    seen = until(lambda: hands.command("rs1", KEY, 0), "ended")
    assert seen == CommandSeen("ended", 3, "完成\nno\n".encode())
    assert hands.command("rs1", KEY, 7).output == b"no\n"
    assert count.read_text() == "一\nnoninteractive 'quoted'\n"
    assert site.kept.stat().st_mode & 0o777 == 0o700


def test_a_first_program_that_fails_is_the_end(site: Site, tmp_path: Path) -> None:
    work = Work(run="false", script=f"touch '{tmp_path}/second'", script_name="s")
    hands = site.hands(work)
    hands.begin_command("rs1", KEY)
    assert until(lambda: hands.command("rs1", KEY, 0), "ended").status == 1
    assert not (tmp_path / "second").exists()


def test_it_goes_on_without_us_and_no_deploy_comes_in_between(site: Site, tmp_path: Path) -> None:
    go = tmp_path / "go"
    hands = site.hands(Work(run=f"echo begun; until [ -e '{go}' ]; do sleep 0.05; done; echo end"))
    hands.begin_command("rs1", KEY)
    # The shell that began it is gone by now, and so would be a connection.
    seen = until(lambda: hands.command("rs1", KEY, 0), "running")
    lock = site.folder / "state" / "lock"
    assert subprocess.run(["flock", "-n", str(lock), "true"], check=False).returncode == 1
    assert "tester" in (site.folder / "state" / "holder").read_text()
    go.touch()
    seen = until(lambda: hands.command("rs1", KEY, 0), "ended")
    assert seen.output == b"begun\nend\n" and seen.status == 0
    assert subprocess.run(["flock", "-w", "20", str(lock), "true"], check=False).returncode == 0


def test_a_killed_one_was_cut(site: Site) -> None:
    hands = site.hands(Work(run="echo here; sleep 600"))
    hands.begin_command("rs1", KEY)
    until(lambda: hands.command("rs1", KEY, 0), "running")
    pid = int((site.kept / "pid").read_text())
    os.killpg(pid, signal.SIGKILL)
    seen = until(lambda: hands.command("rs1", KEY, 0), "cut")
    assert seen.status is None
    hands.begin_command("rs1", KEY)
    assert hands.command("rs1", KEY, 0).state == "cut"


def test_one_of_another_boot_was_cut_whoever_has_its_number_now(site: Site) -> None:
    hands = site.hands(Work(run="true"))
    hands.begin_command("rs1", KEY)
    until(lambda: hands.command("rs1", KEY, 0), "ended")
    (site.kept / "status").unlink()
    (site.kept / "pid").write_text(f"{os.getpid()}\n")
    assert hands.command("rs1", KEY, 0).state == "cut"
    (site.kept / "begun").write_text("another boot\n")
    assert hands.command("rs1", KEY, 0).state == "cut"


def test_folders_of_old_commands_go(site: Site) -> None:
    hands = site.hands(Work(run="true"))
    for number in range(12):
        hands.begin_command("rs1", f"{KEY}{number}")
        until(lambda n=number: hands.command("rs1", f"{KEY}{n}", 0), "ended")  # type: ignore[misc]
    assert len(list(site.kept.parent.iterdir())) == 10


def test_a_host_that_cannot_begin_it_says_so(site: Site) -> None:
    state = site.folder / "state"
    state.mkdir()
    (state / "maintain").write_text("a file")
    with pytest.raises(CommandRefusedError, match=r"could not be begun: .*maintain"):
        site.hands(Work(run="true")).begin_command("rs1", KEY)


def test_the_boot_is_known_and_a_host_of_another_key_is_not_waited_for(site: Site) -> None:
    hands = site.hands(Work(reboot=True))
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert hands.boot_id("rs1") == boot
    assert hands.not_back("rs1", boot) == "it has not gone down yet"
    assert hands.not_back("rs1", "the boot before") == ""
    site.fleet.transports.clear()
    site.refuses = UnreachableError("rs1: no route to host")
    assert hands.not_back("rs1", boot) == "rs1: no route to host"
    site.refuses = HostKeyError("rs1: its key has changed")
    for ask in (lambda: hands.not_back("rs1", boot), lambda: hands.command("rs1", KEY, 0)):
        with pytest.raises(HostIdentityError, match="its key has changed"):
            ask()


@pytest.mark.parametrize("said", ["", "ended", "ended x\n", "running\n!!!"])
def test_an_answer_that_makes_no_sense_is_told(said: str) -> None:
    with pytest.raises(ValueError, match="command"):
        parse_look(Observation(said, "", 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b" \n", "is empty"),
        (b"\x7fELF\0\0", "not a text in UTF-8"),
        ("脚本".encode("gbk"), "not a text in UTF-8"),
        (b"#" * 40000, "have a short script fetch what is long"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "驱动.sh"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionError, match=said):
        read_script(path)
