"""A log that is renamed while it is written: real logrotate, Supervisor and rsyslogd, and the app's
own handler. Each line reaches the log host."""

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.processes import wait_until
from tests.resources.private_supervisor import PrivateSupervisor
from tests.roles.log_site import LogSite, line, running
from tests.roles.rendered import files

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="the new file is given to an account, which takes root"
)
_PROCESSES = 3
"""As a web process and its workers write."""
_WRITER = """
import logging, os, sys, time
from pathlib import Path
from app import logs

file, name, count, words, rate = sys.argv[1:]
logs.set_up("info", "rs2", file=Path(file) if file != "-" else None)
log, begin = logging.getLogger("app.test"), time.monotonic()
for number in range(int(count)):
    log.info("%s", f"<{name}-{number}> " + "说话" * int(words))
    time.sleep(max(0.0, number / float(rate) - (time.monotonic() - begin)))
"""
_RATE = 2100
"""Lines a second of all together: more than a busy node has in a minute."""
_LINE = re.compile(rb"<(\w-\d+)>")
_SECONDS = 1.0
"""Between two looks of logrotate's."""


def command(file: str, name: str, lines: int, words: int) -> list[str]:
    rate = _RATE // _PROCESSES
    return [sys.executable, "-c", _WRITER, file, name, str(lines), str(words), str(rate)]


class Rotated:
    """The log of a host as it stands in the rendered configuration of logrotate."""

    def __init__(self, site: LogSite, host: str) -> None:
        self._site = site
        self._conf, self._state = site.folder / "logrotate.conf", site.folder / "logrotate.state"
        text = files("logs")[f"{host}/etc/logrotate.d/cosyvoice"].content
        for ours, this in {
            "/var/log/cosyvoice/*.log": str(site.log),
            "create 0640 cosyvoice cosyvoice": "create 0640 root root",
            "maxsize 20M": "maxsize 600k",
            "/var/run/supervisor.sock": f"{site.folder}/s.sock",
            # Where there is no curl on a host; here it would find another daemon.
            "supervisorctl pid": "false",
        }.items():
            text = text.replace(ours, this)
        self._conf.write_text(text)
        self._conf.chmod(0o644)

    def _is_shipped(self) -> bool:
        """Files that are renamed twice before the shipper has come to them stay on their host."""
        before = self._site.log.with_name("app.log.1")
        if not before.exists():
            return True
        [*_, last] = _LINE.findall(before.read_bytes())
        kept = max(self._site.kept.glob("*/*"))
        with kept.open("rb") as file:
            file.seek(max(0, kept.stat().st_size - (64 << 20)))
            return b"<%s>" % last in file.read()

    @contextmanager
    def again_and_again(self) -> Iterator[None]:
        ended, failed = threading.Event(), list[str]()

        def rotate() -> None:
            while not ended.wait(_SECONDS):
                if not self._is_shipped():
                    continue
                done = subprocess.run(
                    ["logrotate", "-s", self._state, self._conf], stderr=subprocess.PIPE, text=True
                )
                if done.returncode:
                    failed.append(done.stderr)

        thread = threading.Thread(target=rotate)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        assert not failed


Writing = Callable[[LogSite, int, int], AbstractContextManager[list[str]]]
"""Lines of each process, and their length. Gives the names of those who write; waits in the end."""


@contextmanager
def written_by_the_app(site: LogSite, lines: int, words: int) -> Iterator[list[str]]:
    """Write under systemd: each process has the file that systemd opened."""
    names = [f"{number}" for number in range(_PROCESSES)]
    with Rotated(site, "rs1").again_and_again():
        with site.log.open("ab") as output:
            writers = [
                subprocess.Popen(command(str(site.log), name, lines, words), stdout=output)
                for name in names
            ]
        yield names
        for writer in writers:
            assert writer.wait(1800) == 0


@contextmanager
def written_by_supervisor(site: LogSite, lines: int, words: int) -> Iterator[list[str]]:
    """Write under Supervisor, which reads a pipe."""
    supervisor, ended = PrivateSupervisor(site.folder), site.folder / "ended"
    program = site.folder / "writer.py"
    program.write_text(_WRITER)
    words_of_it = f"- s {_PROCESSES * lines} {words} {_RATE}"
    supervisor.write(
        "cosyvoice",
        f"{sys.executable} {program} {words_of_it} && touch {ended}",
        "autorestart=false",
        f"environment=PYTHONPATH={Path.cwd()}",
        f"stdout_logfile={site.log}",
        "stdout_logfile_maxbytes=0",
        "redirect_stderr=true",
    )
    supervisor.start()
    try:
        with Rotated(site, "rs2").again_and_again():
            yield ["s"]
            wait_until(ended.exists, 1800)
        # Supervisor may still have it to read.
        last = f"s-{_PROCESSES * lines - 1}".encode()
        wait_until(lambda: last in lines_in(*site.folder.glob("app.log*")))
    finally:
        supervisor.stop()


WAYS = pytest.mark.parametrize(
    "writing", [written_by_the_app, written_by_supervisor], ids=["systemd", "supervisor"]
)


def lines_in(*kept: Path) -> set[bytes]:
    found = set[bytes]()
    for path in kept:
        done = subprocess.run(["zcat", "-f", path], capture_output=True, check=True)
        found.update(_LINE.findall(done.stdout))
    return found


def arrived(site: LogSite, lines: set[bytes], seconds: float) -> None:
    """Wait for lines at the log host."""
    with contextlib.suppress(AssertionError):
        wait_until(lambda: lines_in(*site.kept.glob("*/*")) == lines, seconds)
    missing = sorted(lines - lines_in(*site.kept.glob("*/*")))
    assert not missing, f"{len(missing)} lines, from {missing[0]!r} to {missing[-1]!r}"


def rotations(site: LogSite) -> list[Path]:
    return list(site.folder.glob("app.log.*"))


@pytest.mark.long
@WAYS
def test_each_line_is_kept_on_the_host_and_reaches_the_log_host(
    writing: Writing, tmp_path: Path
) -> None:
    site = LogSite(tmp_path)
    lines = 4000
    with running(site, site.store, site.shipper):
        with writing(site, lines, 20) as names:
            pass
        each = lines * _PROCESSES // len(names)
        all_lines = {f"{name}-{n}".encode() for name in names for n in range(each)}
        arrived(site, all_lines, 120)
    assert rotations(site), "it was renamed at least once"
    assert lines_in(site.log, *rotations(site)) == all_lines


def test_what_is_known_of_a_renamed_log_is_forgotten(tmp_path: Path) -> None:
    site = LogSite(tmp_path)
    known = site.folder / "state"
    with running(site, site.store, site.shipper) as (_, shipper):
        site.write(line(1, "before"))
        site.wait_for(1)
        shipper.terminate()
        shipper.wait(60)
    inode = site.log.stat().st_ino
    assert list(known.glob(f"imfile-state:{inode}*"))
    # Held by its new name, so that no other file has its inode.
    site.log.rename(tmp_path / "app.log.1")
    site.log.touch()
    with running(site, site.store, site.shipper):
        site.write(line(2, "after"))
        site.wait_for(2)
        assert not list(known.glob(f"imfile-state:{inode}*"))


@pytest.mark.long
@pytest.mark.timeout(1800)
@WAYS
def test_a_gigabyte(writing: Writing, tmp_path: Path) -> None:
    site = LogSite(tmp_path)
    # Characters of three bytes each.
    lines, words = 260_000, 200
    with running(site, site.store, site.shipper):
        with writing(site, lines, words) as names:
            pass
        each = lines * _PROCESSES // len(names)
        all_lines = {f"{name}-{n}".encode() for name in names for n in range(each)}
        arrived(site, all_lines, 300)
    assert sum(path.stat().st_size for path in site.kept.glob("*/*")) > 1e9
    assert len(rotations(site)) == 14, "no more than it is told to keep"
