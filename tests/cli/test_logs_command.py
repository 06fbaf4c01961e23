"""``cluster logs``: its flags, its exit statuses, and what it leaves of other people's lines."""

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.cli.running import run as run_command
from provisioning.operations.cluster import fleet as cluster_fleet
from tests.operations.test_log_search import NOW, Hosts, said

Output = pytest.CaptureFixture[bytes]
CONTENT: dict[str, Any] = {
    "vip": "10.77.0.100",
    "service_manager": "supervisor",
    "directors": {"hosts": {"lvs1": "10.77.0.11"}},
    "real_servers": {"hosts": {"rs1": "10.77.0.21", "rs2": "10.77.0.22"}},
    "logs": {"hosts": {"log1": "10.77.0.71"}},
}
_TROUBLE = '坏\x1b]0;x\x07\x1b[2J\u202ereversed\x9b1m\r{"time": "2026-01-31T08:00:00+00:00"}'
LINES = {
    "rs1": [
        said(NOW - timedelta(hours=5), "old 你好", request_id="r-1"),
        said(NOW - timedelta(seconds=9), "received a.*[b]", request_id="r-1"),
        said(NOW - timedelta(seconds=3), 'answered "x" /v1/audio', request_id="r-1"),
        _TROUBLE,
    ],
    "rs2": [
        said(NOW - timedelta(seconds=6), "lent 借来的", request_id="r-1", level="warning"),
        said(NOW - timedelta(seconds=5), "another's 你好", request_id="r-11", level="error"),
        "Traceback (most recent call last):",
    ],
    "gone": [said(NOW - timedelta(seconds=1), "last words 你好", request_id="r-7")],
}


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    found = Hosts(tmp_path, "lvs1")
    for name, lines in LINES.items():
        found.keep(name, *lines, sent=NOW, received=NOW)
        found.write(name, *lines)
        found.write(name, file="/var/log/cosyvoice-log-shipper.log")
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(CONTENT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cluster_fleet, "connect", lambda name, *_, **__: found.connect(name))
    return found


def run(capfdbinary: Output, *words: str) -> tuple[int, str, str]:
    status = run_command(["logs", *words])
    sys.stdout.flush()
    out, err = capfdbinary.readouterr()
    said = err.decode().splitlines(keepends=True)
    return status, out.decode(), "".join(one for one in said if "`cluster validate`" not in one)


def found(capfdbinary: Output, *words: str) -> list[str]:
    status, out, err = run(capfdbinary, *words, "--json")
    assert (status, err) == (0, ""), err
    return [json.loads(line)["line"] for line in out.splitlines()]


def messages(lines: list[str]) -> list[str]:
    return [json.loads(line)["message"].split()[0] for line in lines if line.startswith("{")]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--search", "借来的"), ["lent"]),
        (("--request", "r-1"), ["old", "received", "lent", "answered"]),
        (("--request", "r-1", "--since", "4h"), ["received", "lent", "answered"]),
        (("--request", "r-1", "-n", "1"), ["answered"]),
        (("--request", "r-1", "--node", "rs2"), ["lent"]),
        (("--request", "r-1", "rs2"), ["lent"]),
        (("--request", "r-7", "--node", "rs1", "--node", "gone"), ["last"]),
        (("--level", "warning"), ["lent", "another's"]),
        (("--level", "error", "--search", "你好"), ["another's"]),
        (("--search", "a.*[b]"), ["received"]),
        (("--search", "no such words"), []),
    ],
)
def test_flags_choose_lines(
    words: tuple[str, ...], wanted: list[str], hosts: Hosts, capfdbinary: Output
) -> None:
    if wanted:
        assert messages(found(capfdbinary, *words)) == wanted
    else:
        status, out, err = run(capfdbinary, *words)
        assert (status, out, err) == (0, "", "nothing was found\n")


@pytest.mark.parametrize("text", ["你好", "a.*[b]", "r-1", '\\"x\\" /v1', "e", "坏", "\u202erev"])
def test_a_search_is_grep_over_all_hosts(text: str, hosts: Hosts, capfdbinary: Output) -> None:
    words = ["grep", "-rhF", "-e", text, *(str(hosts.folder / name) for name in LINES)]
    lines = subprocess.run(words, capture_output=True, check=True).stdout.decode()
    by_grep = Counter(lines.split("\n")[:-1])
    assert by_grep and Counter(found(capfdbinary, "--search", text)) == by_grep


def test_a_log_host_that_is_away_is_an_error_and_hosts_answer(
    hosts: Hosts, capfdbinary: Output
) -> None:
    hosts.dead = ("lvs1", "log1")
    status, out, err = run(capfdbinary, "--request", "r-1", "--json")
    said = [json.loads(line) for line in out.splitlines()]
    assert status == 1 and "log1" in err
    assert messages([one["line"] for one in said if "line" in one])[-1] == "answered"
    assert {one["host"] for one in said if "error" in one} == {"log1", "lvs1"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "name a host or group"),
        (("rs1", "--search", "x", "--follow"), "--follow does not search"),
        (("--since", "soon", "rs1"), "neither a time"),
        (("--level", "loud"), "loud"),
        (("--lines", "-1", "rs1"), "-1"),
        (("nobody",), "nobody"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_command_line(
    words: tuple[str, ...], problem: str, hosts: Hosts, capfdbinary: Output
) -> None:
    status, out, err = run(capfdbinary, *words)
    assert (status, out) == (2, "") and problem in err and "Traceback" not in err


@pytest.mark.parametrize("words", [("--search", "坏"), ("rs1",)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_lines_of_others_do_not_move_the_terminal(
    words: tuple[str, ...], form: tuple[str, ...], hosts: Hosts, capfdbinary: Output
) -> None:
    _, out, _ = run(capfdbinary, *words, *form)
    assert "坏" in out and not set(out) & set("\x1b\x07\x9b\r\u202e")
    [line] = [line for line in out.split("\n") if "坏" in line]
    assert "reversed" in line and "2026-01-31" in line, "it begins no line of its own"
    if form:
        assert json.loads(line)["line"] == _TROUBLE
