"""The log of a process whose file is renamed under it, as logrotate does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_PROGRAM = """
import logging, os, sys
from pathlib import Path
from app import logs

logs.set_up("info", "rs1", file=Path(sys.argv[1]))
for word in sys.stdin:
    logging.getLogger("app.test").info("%s", word.strip())
    os.write(1, b"raw output\\n")
    os.write(2, b"raw errors\\n")
    os.write(int(sys.argv[2]), b"done\\n")
"""


class Writer:
    """A process that logs each word that it is told."""

    def __init__(self, file: Path, opened: Path) -> None:
        self._reads, writes = os.pipe()
        with opened.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, file, str(writes)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(writes,),
                text=True,
            )
        os.close(writes)

    def log(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert os.read(self._reads, 5) == b"done\n"

    def close(self) -> None:
        self._process.communicate(timeout=30)
        os.close(self._reads)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.fixture
def writer(log: Path) -> Iterator[Writer]:
    writer = Writer(log, log)
    yield writer
    writer.close()


def told(file: Path) -> list[str]:
    """Messages and raw lines of a file."""
    return [
        json.loads(line)["message"] if line.startswith("{") else line
        for line in file.read_text().splitlines()
    ]


def rename(log: Path) -> Path:
    return log.rename(log.with_name("app.log.1"))


def test_it_goes_on_in_the_new_file_with_all_that_the_process_writes(
    writer: Writer, log: Path
) -> None:
    writer.log("一")
    old = rename(log)
    log.touch()
    writer.log("二")
    assert told(old) == ["一", "raw output", "raw errors"]
    assert told(log) == ["二", "raw output", "raw errors"]


def test_until_there_is_a_new_file_the_old_one_has_it(writer: Writer, log: Path) -> None:
    old = rename(log)
    writer.log("between")
    log.touch()
    writer.log("after")
    assert told(old)[0] == "between" and told(log)[0] == "after"


def test_a_file_that_it_may_not_write_is_left(log: Path) -> None:
    # A folder cannot be opened for writing, by root neither.
    old = log.with_name("app.log.1")
    log.mkdir()
    writer = Writer(log, old)
    for word in ("goes", "on"):
        writer.log(word)
    writer.close()
    complaint, *words = [line for line in told(old) if not line.startswith("raw ")]
    assert words == ["goes", "on"] and complaint.startswith("the log goes on in its renamed file")


def test_a_worker_that_was_started_after_the_file_was_renamed_finds_the_new_one(log: Path) -> None:
    log.touch()
    old = log.with_name("app.log.1")
    writer = Writer(log, old)
    writer.log("later")
    writer.close()
    assert told(log)[0] == "later" and not told(old)


def test_a_pipe_is_left_as_it_is(log: Path) -> None:
    log.touch()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, log, "2"], input="m\n", capture_output=True, text=True
    )
    assert json.loads(done.stdout.splitlines()[0])["message"] == "m"
    assert not log.read_text()


def test_a_record_during_which_the_file_was_renamed_is_in_the_new_one_too(log: Path) -> None:
    program = f"""
import json, os
from app.logs import JsonLines

formatted = JsonLines.format
def renaming(self, record):
    if not os.path.exists({str(log)!r} + ".1"):
        os.rename({str(log)!r}, {str(log)!r} + ".1")
        open({str(log)!r}, "w").close()
    return formatted(self, record)
JsonLines.format = renaming
""" + _PROGRAM.replace("    os.write(1", "    continue\n    os.write(1")
    with log.open("ab") as output:
        subprocess.run(
            [sys.executable, "-c", program, log],
            input="a\nb\n",
            stdout=output,
            text=True,
            check=True,
        )
    assert told(log.with_name("app.log.1")) == ["a"]
    assert told(log) == ["a", "b"]


def test_a_process_that_logs_nothing_goes_over_too(log: Path) -> None:
    program = _PROGRAM.replace(
        "for word in sys.stdin:",
        "logs.capture_prints()\nfor word in sys.stdin:\n    os.write(1, word.encode()); continue",
    )
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", program, log], stdin=subprocess.PIPE, stdout=output, text=True
        )
    assert process.stdin
    old = rename(log)
    log.touch()
    while log.stat().st_size == 0:
        assert process.poll() is None
        process.stdin.write("crash\n")
        process.stdin.flush()
        time.sleep(0.1)
    process.communicate(timeout=30)
    assert set(told(log)) == {"crash"} and set(told(old)) <= {"crash"}
