"""What a script on a host gets, gives, and leaves behind."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from provisioning.transport.base import ConnectionLostError, TransportError
from tests.living import wait_until_gone
from tests.transport.conftest import Login
from tests.transport.sshd import SESSION_SSHD, freezing


def test_output_error_and_status_come_back_apart(login: Login) -> None:
    done = login().run("echo 输出; echo 错误 >&2; exit 3")
    assert (done.stdout.decode(), done.stderr.decode(), done.status) == ("输出\n", "错误\n", 3)


def test_one_connection_runs_many_scripts(login: Login) -> None:
    transport = login(user="free")
    assert [transport.run(f"echo {n}").stdout for n in range(3)] == [b"0\n", b"1\n", b"2\n"]


@pytest.mark.parametrize("user", ["free", "pty"])
def test_eight_mebibytes_both_ways(login: Login, user: str) -> None:
    body = "x" * (8 << 20)
    done = login(user=user).run(f"cat <<'END'\n{body}\nEND\ncat /proc/$$/comm >&2")
    assert done.stdout.decode() == body + "\n"
    assert (done.stderr, done.status) == (b"sh\n", 0)


def test_output_and_errors_beyond_the_window_do_not_block_each_other(login: Login) -> None:
    size = 4 << 20
    script = f"head -c {size} /dev/zero >&2; head -c {size} /dev/zero; head -c {size} /dev/zero >&2"
    done = login(user="free").run(script)
    assert (len(done.stdout), len(done.stderr)) == (size, 2 * size)


def test_a_script_that_ends_before_it_has_read_its_input(login: Login) -> None:
    # A syntax error in its first line; the rest is 8 MiB.
    done = login(user="free").run("exec 3<<\nfi\n" + "x" * (8 << 20))
    assert done.status == 2


def test_it_may_end_after_its_output(login: Login) -> None:
    assert login(user="free").run("exec >&- 2>&-; sleep 0.5; exit 5").status == 5


def test_output_comes_as_it_is_made(login: Login, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    # It goes on once its first line has come.
    script = f"echo a; until [ -e {seen} ]; do sleep 0.05; done; echo b"
    done = login(user="free").run(script, timeout=60, on_stdout=lambda _: seen.touch())
    assert done.stdout == b"a\nb\n"


def test_the_script_is_in_no_process_list(login: Login) -> None:
    done = login(user="free").run(": telltale; ps -eo args")
    assert b"ps -eo args\n" in done.stdout
    assert b"telltale" not in done.stdout


def test_what_the_login_shell_says_is_not_the_scripts(login: Login) -> None:
    for root in (True, False):
        done = login(user="chatty").run("echo mine; echo too >&2", root=root)
        assert (done.stdout, done.stderr) == (b"mine\n", b"too\n")


@pytest.mark.parametrize(("user", "said"), [("closed", "not available"), ("forced", "only this")])
def test_a_login_that_runs_no_command(login: Login, user: str, said: str) -> None:
    with pytest.raises(TransportError, match=rf"rs1: the login shell .*{said}"):
        login(user=user).run("echo it runs", root=False)


def test_a_failing_command_of_the_script_is_not_taken_for_sudos(login: Login) -> None:
    done = login(user="free").run("echo 'sudo: never not found in sudoers' >&2; exit 1")
    assert (done.stdout, done.status) == (b"", 1)
    assert login(user="free").run("no-such-program").status == 127


def test_a_daemon_that_keeps_the_output_open(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.transport.channel._LINGER", 1.0)
    transport = login(user="free")
    began = time.monotonic()
    done = transport.run("sleep 60 & echo $!; exit 4")
    try:
        assert time.monotonic() - began < 30
        assert done.status == 4
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)


class TestTooLong:
    def test_is_told_and_ended_on_the_host(self, login: Login) -> None:
        transport = login(user="free")
        seen: list[bytes] = []
        with pytest.raises(ConnectionLostError, match=r"rs1: a script took more than 10 s"):
            # Enough for its first line on a busy machine.
            transport.run("echo $$; sleep 60", timeout=10, on_stdout=seen.append)
        pid = int(b"".join(seen))
        wait_until_gone(pid)

    def test_also_with_output_all_the_time(self, login: Login) -> None:
        with pytest.raises(ConnectionLostError, match="took more than"):
            login(user="free").run("yes", timeout=0.5)

    def test_the_connection_can_be_used_afterwards(self, login: Login) -> None:
        transport = login(user="free")
        with pytest.raises(ConnectionLostError):
            transport.run("sleep 60", timeout=0.3)
        assert transport.run("echo still", timeout=30).stdout == b"still\n"


class TestLost:
    def test_the_connection_breaks(self, login: Login) -> None:
        transport = login()
        pid = int(transport.run(SESSION_SSHD).stdout)
        with pytest.raises(ConnectionLostError, match="rs1: the connection broke while a script"):
            transport.run("echo on; sleep 60", on_stdout=lambda _: os.kill(pid, signal.SIGKILL))
        with pytest.raises(ConnectionLostError, match="rs1: the connection is gone"):
            transport.run("true")

    def test_the_shell_is_killed_and_the_connection_lives(self, login: Login) -> None:
        transport = login()
        with pytest.raises(ConnectionLostError, match="rs1: the script's shell was killed there"):
            transport.run("kill -9 $$")
        assert transport.run("echo alive").stdout == b"alive\n"

    def test_the_host_falls_silent(self, login: Login) -> None:
        # Given up after three intervals, which is long for a host that is merely busy.
        transport = login(keepalive=2)
        pid = int(transport.run(SESSION_SSHD).stdout)
        with freezing(pid) as freeze:
            began = time.monotonic()
            with pytest.raises(ConnectionLostError, match="rs1: the host stopped answering"):
                transport.run("echo on; sleep 60", root=False, on_stdout=freeze)
            with pytest.raises(ConnectionLostError, match="rs1: the host stopped answering"):
                transport.run("true")
            assert time.monotonic() - began < 30

    def test_a_quiet_host_is_not_given_up(self, login: Login) -> None:
        # Longer than it takes to give a silent one up.
        assert login(keepalive=2).run("sleep 10; echo here").stdout == b"here\n"

    def test_closing_ends_what_runs(self, login: Login) -> None:
        transport = login(user="free")
        closing = threading.Thread(target=transport.close)
        with pytest.raises(ConnectionLostError, match="rs1"):
            transport.run("echo on; sleep 60", on_stdout=lambda _: closing.start())
        closing.join()
        transport.close()


def test_a_mistake_of_the_listener_is_the_listeners(login: Login) -> None:
    transport = login(user="free")

    def fail(part: bytes) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transport.run("echo a; sleep 1; echo b", on_stdout=fail)
    assert transport.run("echo next").stdout == b"next\n"


def test_twelve_hosts_at_once(login: Login) -> None:
    results: list[bytes] = []

    def work(number: int) -> None:
        results.append(login(user="free").run(f"echo {number}").stdout)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(f"{number}\n".encode() for number in range(12))
