"""What a log host removes, and what it leaves."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioning.facts.probes.log_search import Wanted, search
from provisioning.roles.logs import keeper_program
from provisioning.roles.logs.keeper_program import tidy

NOW = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
GIB = 1 << 30


@pytest.fixture(autouse=True)
def _any_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_program, "FREE", 0.0)


def kept(folder: Path, node: str, hour: str, size: int = 100) -> Path:
    path = folder / node / f"{hour}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(size))
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*"))


def test_days_are_counted_back_from_now(tmp_path: Path) -> None:
    kept(tmp_path, "rs1", "2026-01-29T07")
    kept(tmp_path, "rs1", "2026-01-29T08")
    kept(tmp_path, "gone", "2026-01-01T00")
    tidy(tmp_path, 2, GIB, NOW)
    assert names(tmp_path) == ["rs1/2026-01-29T08.jsonl.gz"]
    assert not (tmp_path / "gone").exists(), "nothing is left of a host long gone"


def test_the_oldest_of_all_hosts_go_first_past_the_bytes(tmp_path: Path) -> None:
    for hour in ("05", "07", "08"):
        for node in ("rs1", "rs2"):
            kept(tmp_path, node, f"2026-01-31T{hour}", 1000)
    tidy(tmp_path, 30, 4500, NOW)
    assert names(tmp_path) == [
        f"rs{n}/2026-01-31T{hour}.jsonl" for n in (1, 2) for hour in ("07", "08")
    ]


def test_an_hour_that_is_too_much_is_emptied_for_its_writer_to_go_on(tmp_path: Path) -> None:
    path = kept(tmp_path, "rs1", "2026-01-31T08", 9000)
    with path.open("ab") as writer:
        tidy(tmp_path, 30, 4500, NOW)
        writer.write(b"goes on\n")
    assert path.read_bytes() == b"goes on\n"


def test_a_full_disk_counts_as_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, "rs1", "2026-01-31T07")
    monkeypatch.setattr(keeper_program, "FREE", 1.1)
    tidy(tmp_path, 30, GIB, NOW)
    assert names(tmp_path) == []


def test_what_is_packed_is_found_and_keeps_its_owner_and_time(tmp_path: Path) -> None:
    path = kept(tmp_path, "rs1", "2026-01-31T06")
    record = (
        '{"time":"2026-01-31T06:00:00+00:00","received":"2026-01-31T06:00:00+00:00","node":"rs1",'
        '"service":"s","level":"info","offset":"0","line":"你好"}\n'
    )
    path.write_text(record, encoding="utf-8")
    path.chmod(0o640)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    tidy(tmp_path, 30, GIB, NOW)
    [packed] = tmp_path.glob("rs1/*")
    assert gzip.decompress(packed.read_bytes()).decode() == record
    assert (packed.stat().st_mode & 0o777, packed.stat().st_mtime) == (0o640, 1_700_000_000)
    assert [one["line"] for one in search(tmp_path, Wanted("你好"), [], 10)] == ["你好"]
