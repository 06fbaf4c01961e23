"""The guard of Keepalived, as it lands on a director, against processes and a table that it must
tell apart. What a real Keepalived does is tried on the lab."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from provisioning.places import GUARD, TABLE_SERVICES
from tests.counted import processes
from tests.roles.confined import confined
from tests.roles.rendered import files

_UNIT = "two-services-ipv6/lvs1/etc/systemd/system/keepalived-guard.service"
# Woken by SIGCHLD as Keepalived is, so that it moves though its own sleeps may be late.
LIVING = "#!/bin/sh\ntrap : CHLD\nwhile :; do sleep 0.05; done\n"
PARTS = {"main": "keepalived.pid", "vrrp": "vrrp.pid", "checkers": "checkers.pid"}
TABLE = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A010064:1EB4 wlc persistent 600000 FFFFFF00
  -> 0A010015:1EB4      Route   3      0          0
  -> 0A010016:1EB4      Local   0      0          0
TCP  0A010064:01BB wrr
TCP  [fd00:0001:0000:0000:0000:0000:0000:0100]:1EB4 wlc
  -> [fd00:0001:0000:0000:0000:0000:0000:0021]:1EB4      Route   3      0          0
TCP  [fd00:0001:0000:0000:0000:0000:0000:0100]:01BB wrr
TCP  C0000201:0050 rr
  -> C0000202:0050      Masq    1      0          0
"""


def wait_for(true: Callable[[], bool], within: float = 60) -> None:
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Returns when it stands still: one that runs hears of a signal a moment later."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)


def state_of(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


class Director:
    """A host's places for the guard, in a folder."""

    def __init__(self, folder: Path, young: int = 0) -> None:
        self.folder = folder
        self.table, self.withdrawn = folder / "ip_vs", folder / "withdrawn"
        self.table.write_text(TABLE)
        rendered = files("two-services-ipv6")
        (folder / "services").write_text(rendered["lvs1" + TABLE_SERVICES].content)
        script = rendered["lvs1" + GUARD].content
        for name, value in {
            "run_folder": folder,
            "table": self.table,
            "services": folder / "services",
            "withdrawn": self.withdrawn,
            "pause": 0.1,
            "young": young,
        }.items():
            script = re.sub(f"(?m)^{name}=.*", f"{name}={value}", script)
        # The address that is to go is seen to go, and each look is seen to end.
        for old, new in {
            "    ip address del": f"    echo >> {folder}/dropped; echo",
            '        sleep "$pause"': f'        echo >> {folder}/looks; sleep "$pause"',
            # Its looks are short here: ten of them are over before anything was started.
            "wait=10 healed": "wait=300 healed",
        }.items():
            assert old in script
            script = script.replace(old, new)
        self.guard = folder / "guard"
        self.guard.write_text(script)
        self.guard.chmod(0o755)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, part: str, *, asleep: bool = False) -> None:
        program = self.folder / f"{part}-{asleep}" / "keepalived"
        program.parent.mkdir(exist_ok=True)
        argv = [str(program)]
        if asleep:
            # The kernel does not wake for SIGCHLD what does not ask for it.
            shutil.copy("/bin/sleep", program)
            argv.append("3600")
        else:
            program.write_text(LIVING)
        program.chmod(0o755)
        process = subprocess.Popen(argv, start_new_session=True)
        self.processes[part] = process
        (self.folder / PARTS[part]).write_text(f"{process.pid}\n")
        comm = Path("/proc", str(process.pid), "comm")
        wait_for(lambda: comm.read_text() == "keepalived\n")
        if asleep:
            # Not while it is on its way there, which is a movement.
            wait_for(lambda: state_of(process) == "S")

    def says(self, *words: str) -> list[str]:
        done = subprocess.run(
            [str(self.guard), *words], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    def looks(self, more: int) -> None:
        """Returns once the guard has ended so many more looks; the next may have begun before."""
        wanted = self._looks() + more
        wait_for(lambda: self._looks() >= wanted)

    def _looks(self) -> int:
        path = self.folder / "looks"
        return path.stat().st_size if path.exists() else 0

    @property
    def dropped(self) -> bool:
        return (self.folder / "dropped").exists()

    def end(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    made = Director(tmp_path)
    try:
        for part in PARTS:
            made.start(part)
        yield made
    finally:
        made.end()


@contextmanager
def guard_of(director: Director) -> Iterator[None]:
    """At work."""
    with (director.folder / "log").open("w") as log:
        guard = subprocess.Popen(
            [*confined(_UNIT, str(director.folder)), str(director.guard), "run"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(guard.pid, signal.SIGKILL)
        guard.wait()


@pytest.fixture
def guarded(director: Director) -> Iterator[Director]:
    with guard_of(director):
        yield director


def log(director: Director) -> str:
    return (director.folder / "log").read_text()


def test_what_lives_is_let_alone(director: Director) -> None:
    assert director.says("alive") == []
    assert director.says("check") == []
    assert director.says("end") == [] and not director.dropped
    assert all(process.poll() is None for process in director.processes.values())


@pytest.mark.parametrize("part", PARTS)
def test_a_stopped_process_is_named(director: Director, part: str) -> None:
    process = director.processes[part]
    stop(process)
    (said,) = director.says("alive")
    assert f"({process.pid}) hangs: it is stopped by a signal" in said


def test_one_that_sleeps_for_ever_is_named(director: Director) -> None:
    os.killpg(director.processes["vrrp"].pid, signal.SIGKILL)
    director.processes["vrrp"].wait()
    director.start("vrrp", asleep=True)
    (said,) = director.says("alive")
    assert said.startswith("Keepalived's VRRP process") and "does not wake" in said


def test_one_that_starts_may_wait_for_others(tmp_path: Path) -> None:
    director = Director(tmp_path, young=3600)
    try:
        director.start("vrrp", asleep=True)
        assert director.says("alive") == []
        with guard_of(director):
            director.looks(8)
            assert log(director) == ""
            # Not for ever.
            director.processes["vrrp"].wait(60)
        assert "does not wake" in log(director)
    finally:
        director.end()


def test_a_number_that_is_another_programs_now_is_not_touched(director: Director) -> None:
    with subprocess.Popen(["sleep", "60"]) as foreign:
        (director.folder / "vrrp.pid").write_text(f"{foreign.pid}\n")
        stop(foreign)
        assert director.says("alive") == [] == director.says("end")
        assert foreign.poll() is None
        foreign.kill()


@pytest.mark.parametrize("part", PARTS)
def test_what_hangs_is_killed_with_the_rest_and_the_addresses_go(
    guarded: Director, part: str
) -> None:
    guarded.processes[part].send_signal(signal.SIGSTOP)
    wait_for(lambda: all(one.poll() is not None for one in guarded.processes.values()))
    wait_for(lambda: guarded.dropped)
    assert "hangs: it is stopped by a signal" in log(guarded)


def test_one_that_hangs_again_at_once_waits_but_holds_no_address(guarded: Director) -> None:
    guarded.processes["vrrp"].send_signal(signal.SIGSTOP)
    wait_for(lambda: all(one.poll() is not None for one in guarded.processes.values()))
    for part in PARTS:
        guarded.start(part)
    guarded.processes["vrrp"].send_signal(signal.SIGSTOP)
    (guarded.folder / "dropped").unlink(missing_ok=True)
    wait_for(lambda: guarded.dropped)
    assert guarded.processes["main"].poll() is None, "not killed within the first wait"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("TCP  0A010064:01BB wrr\n", "", "10.1.0.100:443 is not in the kernel's table"),
        (
            "TCP  [fd00:0001:0000:0000:0000:0000:0000:0100]:01BB wrr\n",
            "",
            "[fd00:1::100]:443 is not in the kernel's table",
        ),
        ("1EB4 wlc persistent", "1EB4 rr persistent", "scheduler rr instead of wlc"),
        ("-> 0A010015", "-> 0A0100FF", "that nobody asked for: 0A0100FF:1EB4"),
        ("Route   3", "Masq    3", "forwards by Masq"),
    ],
)
def test_a_table_that_is_not_keepalived_s(
    director: Director, old: str, new: str, said: str
) -> None:
    director.table.write_text(TABLE.replace(old, new, 1))
    (line,) = director.says("check")
    assert said in line


def test_an_empty_table_and_none_at_all(director: Director) -> None:
    director.table.write_text("".join(TABLE.splitlines(keepends=True)[:3]))
    assert len(director.says("check")) == 4
    director.table.unlink()
    assert len(director.says("check")) == 4


def test_without_keepalived_the_table_is_nobodys_concern(director: Director) -> None:
    director.table.unlink()
    director.end()
    assert director.says("check") == []


def test_a_flushed_table_ends_keepalived_and_withdraws_the_director(guarded: Director) -> None:
    # It judges a table that it has seen whole.
    guarded.looks(2)
    guarded.table.write_text("".join(TABLE.splitlines(keepends=True)[:3]))
    guarded.processes["main"].wait(timeout=60)
    assert guarded.processes["vrrp"].poll() is None, "the main process ends the others"
    # It is written anew at each look.
    wait_for(lambda: guarded.withdrawn.read_text() == "1\n")
    guarded.start("main")
    guarded.table.write_text(TABLE)
    wait_for(lambda: guarded.withdrawn.read_text() == "0\n")


def test_a_new_list_is_given_time_to_be_taken_up(guarded: Director) -> None:
    guarded.looks(2)
    services = guarded.folder / "services"
    services.write_text(services.read_text() + "service TCP 0A010064:0051 rr 10.1.0.100:81\n")
    guarded.table.write_text(TABLE.replace("TCP  0A010064:01BB wrr\n", ""))
    guarded.looks(8)
    assert guarded.processes["main"].poll() is None
    guarded.table.write_text(TABLE + "TCP  0A010064:0051 rr\n")
    guarded.looks(4)
    assert not guarded.withdrawn.exists() and log(guarded) == ""


def test_a_look_at_a_table_in_order_is_one_process(tmp_path: Path) -> None:
    """It is taken every second, on a director that may be a small machine."""
    functions = Director(tmp_path).guard.read_text().partition("case ${1-} in")[0]
    script = tmp_path / "look"
    begin = "listed='' process='' main_pid='' grace=0 empty=0"
    script.write_text(f"{functions}\n{begin}\nguard_table\nguard_table\n")
    assert processes(script) == 2
    assert script.with_name("look.said").read_text() == ""
