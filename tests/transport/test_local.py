"""The same contract on this machine."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioning.transport.base import ConnectionLostError, SudoError
from provisioning.transport.local import LocalTransport
from tests.processes import wait_until_gone


@pytest.fixture
def here() -> LocalTransport:
    return LocalTransport()


def test_output_error_and_status_come_back_apart(here: LocalTransport) -> None:
    done = here.run("echo 输出; echo 错误 >&2; exit 3", root=False)
    assert (done.stdout.decode(), done.stderr.decode(), done.status) == ("输出\n", "错误\n", 3)


def test_eight_mebibytes_both_ways(here: LocalTransport) -> None:
    body = "x" * (8 << 20)
    done = here.run(f"cat <<'END'\n{body}\nEND\ncat <<'END' >&2\n{body}\nEND\n", root=False)
    assert done.stdout.decode() == done.stderr.decode() == body + "\n"


def test_the_script_is_in_no_process_list(here: LocalTransport) -> None:
    done = here.run(": telltale; ps -eo args", root=False)
    assert b"ps -eo args\n" in done.stdout
    assert b"telltale" not in done.stdout


def test_output_comes_as_it_is_made(here: LocalTransport, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    # It goes on once its first line has come.
    script = f"echo a; until [ -e {seen} ]; do sleep 0.05; done; echo b"
    done = here.run(script, root=False, timeout=60, on_stdout=lambda _: seen.touch())
    assert done.stdout == b"a\nb\n"


def test_too_long_ends_all_that_was_started(here: LocalTransport) -> None:
    seen: list[bytes] = []
    with pytest.raises(ConnectionLostError, match=r"this machine: a script took more than 10 s"):
        here.run(
            "sleep 60 & echo $!; cat >/dev/null; sleep 60",
            root=False,
            # Enough for its first line on a busy machine.
            timeout=10,
            on_stdout=seen.append,
        )
    wait_until_gone(int(b"".join(seen)))


def test_it_may_end_after_its_output(here: LocalTransport) -> None:
    assert here.run("exec >&- 2>&-; sleep 0.5; exit 5", root=False).status == 5


def test_too_long_after_its_output(here: LocalTransport) -> None:
    with pytest.raises(ConnectionLostError, match=r"this machine: a script took more than 0\.5 s"):
        here.run("exec >&- 2>&-; exec sleep 60", root=False, timeout=0.5)


def test_a_daemon_that_keeps_the_output_open(
    here: LocalTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.transport.local._LINGER", 0.5)
    began = time.monotonic()
    done = here.run("sleep 60 & echo $!; exit 4", root=False)
    try:
        assert time.monotonic() - began < 30
        assert done.status == 4
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)


def test_a_shell_that_is_killed(here: LocalTransport) -> None:
    assert here.run("kill -9 $$", root=False).status == 128 + 9


def test_it_ends_before_it_has_read_its_input(here: LocalTransport) -> None:
    assert here.run("exec 3<<\nfi\n" + "x" * (8 << 20), root=False).status == 2


# Imported first: nobody may not read the folder that this stands in.
AS_NOBODY = """
import os
from provisioning.transport.base import SudoError
from provisioning.transport.local import LocalTransport
os.setgid(65534)
os.setuid(65534)
assert LocalTransport().run("id -u", root=False).stdout == b"65534\\n"
try:
    LocalTransport().run("id -u")
except SudoError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give it up")
def test_root_is_not_to_be_had() -> None:
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], capture_output=True, text=True)
    assert (done.stderr, done.stdout[:39]) == ("", "this machine: sudo wants a password; gi")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be it")
def test_root_needs_no_sudo(here: LocalTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here.run("id -u").stdout == b"0\n"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SudoError, match="this machine: there is no sudo"):
        here.run("id -u")
