"""The time that a search of a day's lines takes on a log host, and grep's for the same files.

    python -m benchmarks.log_search [--lines N] [--nodes N] [--runs N]

Files are as a log host has them: an hour each, all but the last two packed. grep reads the plain
ones, zcat and grep the packed ones; both give bytes, where the search gives records in order. Each
is run in turn, several times, and the quickest counts: others use this machine as well.
"""

import argparse
import gzip
import json
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.numbers import at_least
from provisioning.facts.probes import log_search

_DAY = datetime(2026, 1, 31, tzinfo=UTC)
_PLAIN = 2
"""Hours that are not packed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=at_least(1000), default=1_000_000)
    parser.add_argument("--nodes", type=at_least(1), default=6)
    parser.add_argument("--runs", type=at_least(1), default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="log-search-", dir="/var/tmp") as made:
        folder = Path(made)
        size = _write(folder, options.lines, options.nodes)
        print(f"{options.lines} lines, {size / 1e6:.0f} MB before packing, {options.nodes} nodes")
        middle = f"{options.lines // 2:016x}"
        for title, wanted in {
            "a request": {"request": middle},
            "a Chinese text": {"text": f"第{options.lines // 2}句"},
            "a text that is nowhere": {"text": "no such words"},
        }.items():
            _compare(title, folder, wanted, options.runs)


def _write(folder: Path, number: int, nodes: int) -> int:
    size = 0
    each = max(1, number // (nodes * 24))
    count = 0
    for node in range(nodes):
        (folder / f"rs{node}").mkdir()
        for hour in range(24):
            begin = _DAY + timedelta(hours=hour)
            lines = [
                _line(count + n, node, begin + n * timedelta(hours=1) / each) for n in range(each)
            ]
            count += each
            content = "".join(lines).encode()
            size += len(content)
            path = folder / f"rs{node}" / f"{begin:%Y-%m-%dT%H}.jsonl"
            if hour < 24 - _PLAIN:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, 6))
            else:
                path.write_bytes(content)
    return size


def _line(number: int, node: int, at: datetime) -> str:
    moment = at.isoformat(timespec="milliseconds")
    own = {
        "time": moment,
        "level": "info",
        "logger": "app.access",
        "node": f"rs{node}",
        "message": f"request 第{number}句",
        "request_id": f"{number:016x}",
        "path": "/v1/audio/speech",
    }
    record = {
        "time": moment,
        "received": moment,
        "node": f"rs{node}",
        "from": "192.168.1.101",
        "service": "cosyvoice",
        "level": "notice",
        "offset": str(number * 200),
        "line": json.dumps(own, ensure_ascii=False),
    }
    return json.dumps(record, ensure_ascii=False) + "\n"


def _compare(title: str, folder: Path, wanted: dict[str, str], runs: int) -> None:
    asked: dict[str, object] = {"folder": str(folder), "text": "", "request": "", "age": None}
    asked |= {"nodes": [], "level": "", "limit": 1000, "hours": 0, **wanted}
    search = ["/usr/bin/python3", "-I", str(log_search.__file__), json.dumps(asked)]
    word, here = shlex.quote(next(iter(wanted.values()))), shlex.quote(str(folder))
    plain = f"find {here} -name '*.jsonl' -print0 | LC_ALL=C xargs -0 grep -hF -e {word}"
    packed = f"find {here} -name '*.gz' -print0 | xargs -0 zcat | LC_ALL=C grep -F -e {word}"
    grep = ["sh", "-c", f"{plain}; {packed}; :"]
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(_timed(search))
        theirs.append(_timed(grep))
    (mine, found), (others, lines) = min(ours), min(theirs)
    if found != lines:
        sys.exit(f"{title}: {found} lines were found, and {lines} by grep")
    print(f"{title}: {mine:.2f} s, {mine / others:.2f} times grep's {others:.2f} s; {found} found")


def _timed(command: list[str]) -> tuple[float, int]:
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return time.monotonic() - began, done.stdout.count(b"\n")


if __name__ == "__main__":
    main()
