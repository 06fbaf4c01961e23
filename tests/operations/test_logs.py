"""Logs as hosts have them, read through the local transport."""

import json
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.engine.fleet import Fleet
from provisioning.model.inventory import Inventory
from provisioning.operations.logs.reading import LineReader, follow_logs, read_logs
from provisioning.operations.logs.sources import (
    LogSource,
    local_now,
    log_sources,
    moment,
    newer,
    read_script,
)
from provisioning.transport.base import Completed
from provisioning.transport.local import LocalTransport
from tests.living import wait_until

APP = '{"time": "2026-01-31T08:00:0%d.000+00:00", "level": "info", "message": "说话 %d"}'


def inventory(manager: str) -> Inventory:
    return Inventory.model_validate(
        {
            "vip": "10.77.0.100",
            "service_manager": manager,
            "directors": {"hosts": {"lvs1": "10.77.0.11"}},
            "real_servers": {"hosts": {"rs1": "10.77.0.21"}},
            "storage": {"hosts": {"nas1": "10.77.0.31"}},
            "clients": {"hosts": {"client1": "10.77.0.50"}},
        }
    )


def test_a_director_has_its_guards_log_too() -> None:
    guard = LogSource("lvs1", "keepalived-guard", "/var/log/keepalived-guard.log")
    assert log_sources(inventory("supervisor"), "lvs1")[1:] == [guard]


@pytest.mark.parametrize(
    ("manager", "host", "service", "file"),
    [
        ("systemd", "lvs1", "keepalived", None),
        ("supervisor", "lvs1", "keepalived", "/var/log/keepalived.log"),
        ("systemd", "rs1", "cosyvoice", "/var/log/cosyvoice/app.log"),
        ("systemd", "nas1", "nfs-server", None),
        ("supervisor", "nas1", "nfs-export", "/var/log/nfs-export.log"),
    ],
)
def test_the_service_manager_decides_where(
    manager: str, host: str, service: str, file: str | None
) -> None:
    assert log_sources(inventory(manager), host)[:1] == [LogSource(host, service, file)]


def test_a_host_without_a_role_has_no_log() -> None:
    assert log_sources(inventory("systemd"), "client1") == []


def test_the_journal_is_asked_by_unit_and_time() -> None:
    source = LogSource("lvs1", "keepalived", None)
    script = read_script(source, lines=7, age=599.5, follow=True)
    assert '-u keepalived "--since=@$(($(date +%s) - 600))" -f' in script
    assert "-u keepalived -n 7" in read_script(source, lines=7, age=None, follow=False)


@pytest.mark.parametrize("ahead", [timedelta(minutes=-10), timedelta(), timedelta(days=1)])
def test_an_age_is_by_the_clock_of_the_host(tmp_path: Path, ahead: timedelta) -> None:
    log = tmp_path / "app.log"
    there = local_now() + ahead
    log.write_text(
        "".join(
            json.dumps({"time": (there - timedelta(minutes=age)).isoformat(), "age": age}) + "\n"
            for age in (30, 6, 4, 0)
        )
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    date = programs / "date"
    date.write_text(f"#!/bin/sh\nexec /bin/date -d '{ahead.total_seconds():.0f} seconds' \"$@\"\n")
    date.chmod(0o755)

    class Host(LocalTransport):
        def run(self, script: str | bytes, **more: Any) -> Completed:
            assert isinstance(script, str)
            return super().run(f"PATH={programs}:$PATH\n{script}", **more)

    taken: list[str] = []
    source = LogSource("rs1", "cosyvoice", str(log))
    read_logs(
        Fleet(lambda name: Host(), forks=1),
        {"rs1": [source]},
        lines=2,
        since=moment("5m", local_now()),
        take=lambda _, line: taken.append(line),
    )
    assert [json.loads(line)["age"] for line in taken] == [4, 0]


def test_the_journal_is_read_to_its_end(tmp_path: Path) -> None:
    journal = tmp_path / "journalctl"
    journal.write_text('#!/bin/sh\necho "$LC_ALL $*"\n')
    journal.chmod(0o755)
    script = read_script(LogSource("lvs1", "keepalived", None), lines=5, age=None, follow=False)
    done = LocalTransport().run(f"PATH={tmp_path}:$PATH\n{script}", root=False)
    assert done.status == 0, done.stderr
    read = done.stdout.decode().splitlines()[1]
    assert read == "C.UTF-8 --no-pager --quiet -o short-iso -u keepalived -n 5"


def test_the_latest_lines_come_whole_and_in_order(tmp_path: Path) -> None:
    log = tmp_path / "应用 1.log"
    log.write_text("".join(f"第{n}行 [bold]\n" for n in range(9)), encoding="utf-8")
    source = LogSource("rs1", "cosyvoice", str(log))
    gone = LogSource("rs2", "cosyvoice", str(tmp_path / "none"))
    taken: list[str] = []
    errors = read_logs(
        Fleet(lambda name: LocalTransport(), forks=2),
        {"rs1": [source], "rs2": [gone]},
        lines=2,
        since=None,
        take=lambda _, line: taken.append(line),
    )
    assert taken == ["第7行 [bold]", "第8行 [bold]"]
    assert errors.keys() == {"rs2"} and "none" in errors["rs2"]


def test_since_drops_what_is_older_and_keeps_what_belongs_together() -> None:
    since = datetime(2026, 1, 31, 8, 0, 2, tzinfo=UTC)
    lines = [APP % (1, 1), "a line of the first", APP % (2, 2), "Traceback", APP % (3, 3)]
    assert list(newer(lines, since, "+0000")) == lines[2:]


def test_keepaliveds_own_times_are_the_hosts() -> None:
    lines = ["Sat Jan 31 15:59:59 2026: old", "Sat Jan 31 16:00:02 2026: new"]
    since = datetime(2026, 1, 31, 8, 0, 0, tzinfo=UTC)
    assert list(newer(lines, since, "+0800")) == lines[1:]
    assert list(newer(lines, since, "+0000")) == lines


def test_a_moment_is_a_duration_or_a_date() -> None:
    now = local_now()
    assert moment("90s", now) == now - timedelta(seconds=90)
    assert moment("2h", now) == now - timedelta(hours=2)
    assert moment("2026-01-31T08:00:00+08:00", now) == datetime(2026, 1, 31, tzinfo=UTC)
    assert moment("2026-01-31 08:00", now).utcoffset() == now.utcoffset()
    with pytest.raises(ValueError):
        moment("soon", now)


def test_characters_cut_in_two_come_whole() -> None:
    taken: list[str] = []
    reader = LineReader(None, taken.append)
    for byte in "+0800\n你好\0，世界\n半".encode():
        reader.feed(bytes([byte]))
    assert taken == ["你好，世界"]


def readers_of(log: Path) -> list[str]:
    """The processes that have the log among their words."""
    found = subprocess.run(["pgrep", "-f", str(log)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def test_following_gives_lines_as_they_are_written(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("老的\n", encoding="utf-8")
    fleet = Fleet(lambda name: LocalTransport(), forks=1)
    taken: list[str] = []
    came = threading.Event()

    def take(source: LogSource, line: str) -> None:
        taken.append(line)
        if len(taken) == 2:
            came.set()

    source = LogSource("rs1", "cosyvoice", str(log))
    follower = threading.Thread(
        target=follow_logs,
        args=(lambda forks: fleet, [source]),
        kwargs={"lines": 1, "since": None, "take": take},
        daemon=True,
    )
    follower.start()
    wait_until(lambda: taken)
    with log.open("a", encoding="utf-8") as file:
        file.write("新的\n")
    assert came.wait(30)
    assert taken == ["老的", "新的"]
    for reader in readers_of(log):
        subprocess.run(["kill", reader], check=False)
    follower.join(30)
    assert not follower.is_alive()


def test_a_reader_that_nobody_listens_to_ends(tmp_path: Path) -> None:
    log = tmp_path / "quiet.log"
    log.write_text("一\n", encoding="utf-8")
    script = read_script(LogSource("h", "s", str(log)), lines=1, age=None, follow=True)
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        shell.stdout.readline()
        shell.stdout.close()
        assert shell.wait(30) is not None
    wait_until(lambda: not readers_of(log))
