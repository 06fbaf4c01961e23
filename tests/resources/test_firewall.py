"""Rules on trial: kept by who comes in through them, and else taken back by the host itself."""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.model.inventory import Inventory
from provisioning.resources.firewall import FirewallRules
from provisioning.roles.rendering import Templates
from tests.resources.host import Host

_INVENTORY = Inventory.model_validate(
    {
        "vip": "192.0.2.100",
        "directors": {"hosts": {"lvs1": "192.0.2.1"}},
        "real_servers": {"hosts": {"rs1": "192.0.2.2"}},
    }
)
_RULES = """\
table inet cosyvoice
delete table inet cosyvoice
table inet cosyvoice {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established accept
        tcp dport { %s } accept
    }
}
"""
NONE = "absent none confirmed none\n"


class Firewalled:
    """A host with the program and its rules' file, in folders of the test's own."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.folder = host, folder
        self.program, self.run, self.state = (folder / n for n in ("program", "run", "state"))
        values = {"script": self.program, "table": "cosyvoice", "state": self.state}
        text = Templates(_INVENTORY).render(
            "firewall/cosyvoice-firewall.j2", {}, **values, run=self.run
        )
        self.program.write_text(text)
        self.program.chmod(0o755)

    def rules(self, ports: str, patience: int = 60) -> FirewallRules:
        content = _RULES % ports
        path = self.folder / "rules.nft"
        path.write_text(content)
        return FirewallRules(
            path=str(path),
            content=content,
            program=str(self.program),
            table="cosyvoice",
            folders=(str(self.run), str(self.state)),
            patience=patience,
        )

    def try_out(self, rules: FirewallRules, run: str | None = None) -> str:
        """Loads them on trial; the fragment that confirms."""
        change = self.host.change(rules)
        assert change is not None
        self.host.must(change.apply, run or self.host.begin())
        return change.confirm

    def keep(self, rules: FirewallRules) -> None:
        self.host.must(self.try_out(rules))
        assert self.host.change(rules) is None

    def loaded(self) -> str:
        """The ports that the kernel's table lets in; nothing where there is no table."""
        said = self.host.run("nft list table inet cosyvoice").stdout
        found = [line.split("dport ")[1] for line in said.splitlines() if "dport" in line]
        return found[0].removesuffix(" accept").strip("{ }") if found else ""

    def power_cut(self) -> None:
        """What a kernel and its /run hold is gone."""
        self.host.must(f"nft flush ruleset; rm -rf '{self.run}'")


@pytest.fixture
def one(isolated_host: Host, tmp_path: Path) -> Iterator[Firewalled]:
    yield Firewalled(isolated_host, tmp_path)
    # Those that wait to go back; each is in a session of its own.
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"{tmp_path}/program".encode() in command:
                os.kill(int(entry.name), signal.SIGKILL)


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def summary(one: Firewalled, rules: FirewallRules) -> str | None:
    change = one.host.change(rules)
    return change.summary if change else None


def test_there_and_back_leaves_no_trace(one: Firewalled) -> None:
    one.host.must("nft add table inet theirs")
    rules = one.rules("22")
    assert one.host.observe(rules).stdout == NONE
    assert summary(one, rules) == "load: there is no such table"
    one.host.must(rules.remove())
    one.keep(rules)
    assert one.loaded() == "22"
    one.host.must(rules.remove())
    one.host.must(rules.remove())
    # As its service is stopped then.
    one.host.must(f"'{one.program}' stop")
    assert one.host.observe(rules).stdout == NONE
    assert not one.run.exists() and not one.state.exists()
    assert one.host.must("nft list tables") == "table inet theirs\n"


def test_nobody_comes_in_and_the_host_goes_back(one: Firewalled) -> None:
    one.keep(one.rules("22"))
    locked_out = one.rules("23", patience=0)
    confirm = one.try_out(locked_out)
    eventually(lambda: one.loaded() == "22")
    assert summary(one, locked_out) == "load the new rules"
    late = one.host.run(confirm)
    assert late.status and "not loaded any more" in late.stderr


def test_a_host_without_rules_before_goes_back_to_none(one: Firewalled) -> None:
    one.try_out(one.rules("23", patience=0))
    eventually(lambda: not one.host.run("nft list tables").stdout)


def test_the_host_waits_for_the_end_of_the_run(one: Firewalled) -> None:
    rules = one.rules("22", patience=0)
    change = one.host.change(rules)
    assert change is not None
    # The run has other things to do, for longer than its patience; it confirms after them.
    one.host.must(f"{change.apply}\nsleep 1.5\n{change.confirm}")
    assert (one.loaded(), one.host.change(rules)) == ("22", None)


def test_what_was_confirmed_is_not_taken_back(one: Firewalled) -> None:
    rules = one.rules("22", patience=0)
    change = one.host.change(rules)
    assert change is not None
    one.host.must(f"{change.apply}\n{change.confirm}")
    waiting = ["pgrep", "-f", f"{one.program} watch"]
    eventually(lambda: subprocess.run(waiting, capture_output=True).returncode == 1)
    assert (one.loaded(), one.host.change(rules)) == ("22", None)


def test_rules_on_trial_do_not_outlive_a_power_cut(one: Firewalled) -> None:
    one.keep(one.rules("22"))
    one.try_out(one.rules("23"))
    assert one.loaded() == "23"
    one.power_cut()
    one.host.must(f"'{one.program}' start")
    assert one.loaded() == "22"
    assert summary(one, one.rules("23")) == "load the new rules"
    assert one.host.change(one.rules("22")) is None


def test_a_run_that_was_cut_is_taken_up_again(one: Firewalled) -> None:
    one.keep(one.rules("22"))
    rules = one.rules("23")
    one.try_out(rules)
    assert summary(one, rules) == "confirm: the rules are on trial"
    one.keep(rules)
    assert one.loaded() == "23"


def test_a_later_trial_outlives_the_watch_of_an_earlier_one(one: Firewalled) -> None:
    one.try_out(one.rules("22", patience=1))
    later = one.rules("23")
    one.try_out(later)
    waiting = ["pgrep", "-f", f"{one.program} watch .* 1 [0-9]*$"]
    eventually(lambda: subprocess.run(waiting, capture_output=True).returncode == 1)
    assert one.loaded() == "23"


def test_undone_with_its_run(one: Firewalled) -> None:
    one.keep(one.rules("22"))
    rules = one.rules("23")
    change = one.host.change(rules)
    assert change is not None
    one.host.must(change.apply)
    one.host.must(change.undo)
    one.host.must(change.undo)
    assert one.loaded() == "22"


def test_rules_that_nft_refuses_change_nothing(one: Firewalled) -> None:
    one.keep(one.rules("22"))
    change = one.host.change(one.rules("no-port"))
    assert change is not None
    refused = one.host.run(change.apply, one.host.begin())
    assert refused.status and "nft refuses" in refused.stderr
    assert one.loaded() == "22"


@pytest.mark.parametrize(
    ("by_hand", "said"),
    [
        ("nft add rule inet cosyvoice input accept", "load again: the table was changed by hand"),
        ("nft flush ruleset", "load: there is no such table"),
    ],
)
def test_what_was_changed_by_hand_is_loaded_again(one: Firewalled, by_hand: str, said: str) -> None:
    rules = one.rules("22")
    one.keep(rules)
    one.host.must(by_hand)
    assert summary(one, rules) == said
    one.keep(rules)


_STREAM = """
import socket, threading, time
server = socket.create_server(("127.0.0.2", 5000))
client = socket.create_connection(server.getsockname())
sender, _ = server.accept()
def send():
    while True:
        sender.sendall(b".")
        time.sleep(0.05)
threading.Thread(target=send, daemon=True).start()
client.settimeout(3)
while client.recv(1):
    print(flush=True)
"""


def test_a_connection_that_is_open_goes_on(one: Firewalled) -> None:
    """One that the kernel has kept no record of, and whose other end alone has something to say."""
    one.host.must("ip link set lo up")
    assert one.host.namespaces
    argv = [*one.host.namespaces.enter(), sys.executable, "-ISc", _STREAM]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as stream:
        assert stream.stdout
        assert stream.stdout.readline()
        one.keep(one.rules("22"))
        count = len(_at_once(stream))
        assert all(stream.stdout.readline() for _ in range(count + 20)), "it broke"
        stream.kill()


def _at_once(stream: subprocess.Popen[str]) -> bytes:
    """What it has printed until now."""
    assert stream.stdout
    size = bytearray(4)
    fcntl.ioctl(stream.stdout, termios.FIONREAD, size)
    return b"." * int.from_bytes(size, sys.byteorder)
