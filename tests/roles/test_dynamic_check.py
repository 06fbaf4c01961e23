"""Runner of a check that reports a weight: its status comes through, and it ends in time."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import wait_until_gone
from tests.roles.rendered import files

_PLACE = "lvs1/etc/keepalived/cosyvoice-dynamic-check"


def check(tmp_path: Path, script: str, limit: int = 20) -> int:
    """Its status; the check is a script of root's."""
    wrapper, own = tmp_path / "wrapper", tmp_path / "own"
    wrapper.write_text(files("hashing-misc")[_PLACE].content)
    own.write_text(f"#!/bin/sh\n{script}\n")
    own.chmod(0o755)
    argv = ["/usr/bin/perl", str(wrapper), str(limit), str(own), "a b", "$(pwn)"]
    return subprocess.run(argv, timeout=60, check=False, capture_output=True).returncode


@pytest.mark.parametrize("status", [0, 1, 2, 52, 124, 126, 127, 137, 143, 255])
def test_every_status_is_what_the_script_said(tmp_path: Path, status: int) -> None:
    assert check(tmp_path, f"exit {status}") == status


def test_words_come_through(tmp_path: Path) -> None:
    assert check(tmp_path, '[ "$1" = "a b" ] && [ "$2" = "\\$(pwn)" ] && exit 42') == 42


def test_no_answer_in_time_is_a_failure_and_leaves_nothing_behind(tmp_path: Path) -> None:
    begin = time.monotonic()
    pid = tmp_path / "pid"
    assert check(tmp_path, f"trap '' TERM; sleep 300 & echo $! > {pid}; wait", limit=5) == 1
    assert time.monotonic() - begin < 30
    wait_until_gone(int(pid.read_text()))


def test_a_crash_is_a_failure_and_no_weight(tmp_path: Path) -> None:
    assert check(tmp_path, "kill -SEGV $$") == 1


def test_a_script_that_others_may_change_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("")
    tmp_path.chmod(0o777)
    assert check(tmp_path, "exit 52") == 1


def test_it_ends_before_keepalived_would_end_it() -> None:
    text = files("hashing-misc")["lvs1/etc/keepalived/keepalived.conf"].content
    assert "cosyvoice-dynamic-check 2 /usr/bin/test" in text
    assert "misc_timeout 3" in text
