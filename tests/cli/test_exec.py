"""``cluster exec`` over a real sshd."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from provisioning.cli.commands.exec import exec_, reads_stdin
from provisioning.operations.executing.lines import Lines
from tests.cli.conftest import SSHHosts

_TWO = "rs1,rs2"


def test_lines_are_labelled_and_streams_kept_apart(ssh_hosts: SSHHosts) -> None:
    done = ssh_hosts.invoke(exec_, _TWO, "--", "sh", "-c", "echo 中文; printf 'no end' >&2; exit 3")
    assert done.exit_code == 1
    assert sorted(done.stdout.splitlines()) == ["rs1: 中文", "rs2: 中文"]
    assert sorted(done.stderr.splitlines()) == [
        "rs1: no end",
        "rs1: status 3",
        "rs2: no end",
        "rs2: status 3",
    ]


def test_a_line_is_shown_while_the_command_runs(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    let_go = tmp_path / "let go"
    wait = f"echo begun; while [ ! -e '{let_go}' ]; do sleep 0.1; done; echo ended"
    words = ["exec", "-i", str(ssh_hosts.path), "rs1", "--", "sh", "-c", wait]
    with subprocess.Popen(
        [sys.executable, "-m", "provisioning", *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "rs1: begun\n"
        let_go.touch()
        assert process.stdout.read() == "rs1: ended\n"
    assert process.returncode == 0


def test_equal_answers_are_folded_on_demand(ssh_hosts: SSHHosts) -> None:
    done = ssh_hosts.invoke(exec_, "real_servers", "--fold", "--", "echo", "same")
    assert done.exit_code == 1
    assert done.stdout == "rs[1-3] (3 hosts): same\n"
    assert "4 hosts: 3 well, 0 not, 1 not reached; 1 different answers" in done.stderr
    assert "rs9: " in done.stderr


def test_limit_narrows_what_is_named(ssh_hosts: SSHHosts) -> None:
    done = ssh_hosts.invoke(exec_, "--limit", "rack=r2", "--json", "real_servers", "--", "true")
    assert sorted(json.loads(done.stdout)) == ["rs2", "rs3"]
    done = ssh_hosts.invoke(exec_, "--limit", "rack=r2", "rs1", "--", "true")
    assert done.exit_code == 2 and "no host is both in rs1 and in rack=r2" in done.stderr


@pytest.mark.parametrize("root", [(), ("--root",)])
def test_every_host_gets_all_of_standard_input(ssh_hosts: SSHHosts, root: tuple[str, ...]) -> None:
    given = b"\x00\xff\n" * 100_000
    done = ssh_hosts.invoke(exec_, "--json", "--stdin", *root, _TWO, "--", "md5sum", given=given)
    answers = json.loads(done.stdout)
    wanted = hashlib.md5(given).hexdigest()
    assert {name: one["stdout"].split()[0] for name, one in answers.items()} == {
        "rs1": wanted,
        "rs2": wanted,
    }


def test_a_file_is_given_and_a_pipe_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe may be left open by whoever started this."""
    (tmp_path / "given").write_text("x")
    read, write = os.pipe()
    with (tmp_path / "given").open() as file, os.fdopen(read) as pipe, os.fdopen(write, "w"):
        for source, is_read in ((file, True), (pipe, False), (None, False)):
            monkeypatch.setattr(sys, "stdin", source)
            assert reads_stdin(tmp_path, None) is is_read
        assert reads_stdin(tmp_path, True) and not reads_stdin(Path("-"), None)
        with pytest.raises(click.UsageError, match="is the inventory"):
            reads_stdin(Path("-"), True)


def test_a_command_that_reads_nothing_ends(ssh_hosts: SSHHosts) -> None:
    given = b"x" * 10_000_000
    done = ssh_hosts.invoke(exec_, "--stdin", "rs1", "--", "echo", "done", given=given)
    assert (done.exit_code, done.stdout) == (0, "rs1: done\n")


def test_a_script_of_ones_own_is_run_and_removed(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    script = tmp_path / "脚本.py"
    script.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "print(sys.argv[1:], sys.stdin.read(), sys.argv[0])\nsys.exit(4)\n",
        encoding="utf-8",
    )
    done = ssh_hosts.invoke(
        exec_,
        "--json",
        "--stdin",
        "--script",
        str(script),
        "rs1",
        "--",
        "a b",
        "$HOME",
        given=b"in",
    )
    answer = json.loads(done.stdout)["rs1"]
    assert answer["status"] == 4
    assert answer["stdout"].startswith("['a b', '$HOME'] in ")
    path = Path(answer["stdout"].split()[-1])
    assert path.name == "script" and not path.parent.exists()


def test_too_large_a_script_is_refused(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"#" * (1024 * 1024 + 1))
    done = ssh_hosts.invoke(exec_, "--script", str(tmp_path / "big"), "rs1")
    assert done.exit_code == 2 and "larger than 1024 KiB" in done.stderr


def test_batches_stop_once_too_many_have_failed(ssh_hosts: SSHHosts, tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = ("--json", "--batch", "1", "--max-fail", "1", "rs1,rs2,rs3,lvs1", "--")
    done = ssh_hosts.invoke(exec_, *words, "sh", "-c", f"echo x >> {log}; exit 1")
    assert done.exit_code == 1
    answers = json.loads(done.stdout)
    skipped = sorted(name for name, one in answers.items() if "skipped" in one)
    assert len(skipped) == 2 and log.read_text() == "x\nx\n"
    done = ssh_hosts.invoke(exec_, "--batch", "0", "rs1", "--", "true")
    assert done.exit_code == 2 and "--batch" in done.stderr


def test_a_host_that_takes_too_long_is_left(ssh_hosts: SSHHosts) -> None:
    began = time.monotonic()
    done = ssh_hosts.invoke(exec_, "--timeout", "2", "rs1", "--", "sh", "-c", "sleep 600")
    assert done.exit_code == 1 and time.monotonic() - began < 300
    assert "took more than 2 s and was ended" in done.stderr


def test_without_a_command_it_says_so(ssh_hosts: SSHHosts) -> None:
    done = ssh_hosts.invoke(exec_, "rs1")
    assert done.exit_code == 2 and "COMMAND" in done.stderr


def test_lines_come_whole() -> None:
    lines = Lines()
    assert lines.feed(b"a\r\nb") == ["a"]
    assert lines.feed("中".encode()[:1]) == []
    assert lines.feed("中".encode()[1:] + b"\n\n") == ["b中", ""]
    assert lines.feed(b"x" * 70_000) == ["x" * 70_000]
    assert lines.feed(b"rest") == [] and lines.end() == ["rest"] and lines.end() == []
