"""The start of a script, by the shells an account may have."""

import shlex
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.transport.shell_start import AfterMark, ShellStart, shell_start

SHELLS = ("sh", "dash", "bash", "zsh", "mksh", "ksh93", "fish", "tcsh", "busybox sh")
SCRIPT = "echo 输出; cat; echo 错误 >&2; exit 5\n".encode()


def run(shell: str, start: ShellStart, script: bytes) -> tuple[bytes, bytes, int]:
    """What the script prints, as sshd would have a login shell run it."""
    done = subprocess.run(
        [*shell.split(), "-c", shlex.join(start.argv)],
        input=start.first + start.then + script,
        capture_output=True,
    )
    return (
        done.stdout.partition(start.mark)[2],
        done.stderr.partition(start.mark)[2],
        done.returncode,
    )


def available(shell: str) -> str:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"no {shell} here")
    return shell


@pytest.mark.parametrize("timeout", [None, 20.0])
@pytest.mark.parametrize("shell", SHELLS)
def test_as_a_login_shell(shell: str, timeout: float | None) -> None:
    ended = run(available(shell), shell_start(timeout=timeout), SCRIPT)
    assert ended == ("输出\n".encode(), "错误\n".encode(), 5)


@pytest.mark.parametrize("inner", SHELLS[:6] + SHELLS[8:])
def test_what_sudo_left_over_is_dropped_and_no_more(inner: str) -> None:
    """sudo's part is left out: it has asked for nothing, so the password is still to be read."""
    start = shell_start(sudo=True, sudo_password="echo 'run'; $(exit 1) \\")
    argv = list(start.argv[start.argv.index("--") + 1 :])
    argv[0:1] = available(inner).split()
    ended = run(
        "sh", ShellStart(tuple(argv), start.mark, first=start.first, then=start.then), SCRIPT
    )
    assert ended == ("输出\n".encode(), "错误\n".encode(), 5)


def test_nothing_runs_when_the_script_never_comes() -> None:
    start = shell_start(sudo=True, sudo_password="guess")
    argv = start.argv[start.argv.index("--") + 1 :]
    cut = ShellStart(argv, start.mark, first=start.first + b"echo ran\n")
    assert run("sh", cut, b"") == (b"", b"", 97)


def test_no_two_starts_are_alike() -> None:
    assert shell_start().mark != shell_start().mark


@given(st.binary(), st.binary(), st.lists(st.integers(0, 60)))
def test_the_mark_is_found_however_it_is_cut(before: bytes, after: bytes, cuts: list[int]) -> None:
    mark = b"cluster-0123456789\n"
    data = before + mark + after
    stream, passed, at = AfterMark(mark), b"", 0
    for size in cuts:
        passed += stream.feed(data[at : at + size])
        at += size
    passed += stream.feed(data[at:])
    assert (stream.found, stream.before, passed) == (True, before, after)


def test_a_stream_without_a_mark_is_not_kept_whole() -> None:
    stream = AfterMark(b"cluster-0123456789\n")
    for _ in range(100):
        assert stream.feed(b"x" * 65536) == b""
    assert len(stream.before) == 65536
