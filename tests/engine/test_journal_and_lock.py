"""Journal and lock on the control machine, also of a run that is cut."""

import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from provisioning.engine.journal import Journal, new_id, read_run, runs
from provisioning.engine.lock import LockedError, cluster_lock


def test_a_run_is_read_back_with_its_chinese(tmp_path: Path) -> None:
    run_id = new_id()
    journal = Journal(tmp_path, run_id)
    journal.write("begin", who="王@控制台")
    journal.write("end", result="ok")
    journal.close()
    run = read_run(tmp_path, run_id)
    assert run.first("begin")["who"] == "王@控制台"
    assert run.result == "ok"
    assert [r.id for r in runs(tmp_path)] == [run_id]
    mode = (tmp_path / f"{run_id}.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_runs_of_one_second_stand_in_their_order(tmp_path: Path) -> None:
    begun = []
    for _ in range(8):
        begun.append(new_id())
        Journal(tmp_path, begun[-1]).close()
        time.sleep(0.002)
    assert [run.id for run in runs(tmp_path)] == begun[::-1]


def test_a_run_that_was_cut_is_told_so(tmp_path: Path) -> None:
    run_id = new_id()
    journal = Journal(tmp_path, run_id)
    journal.write("begin", who="x")
    journal.close()
    path = tmp_path / f"{run_id}.jsonl"
    path.write_text(path.read_text() + '{"kind": "host", "ho')
    assert read_run(tmp_path, run_id).result == "cut"


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "x", "20260101T000000.000Z-zzzz"])
def test_no_such_run(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(KeyError):
        read_run(tmp_path, wrong)


def _hold(folder: Path) -> None:
    with cluster_lock(folder, "李@desk run 1"):
        (folder / "held").touch()
        time.sleep(60)


def test_a_held_lock_names_its_holder_and_one_left_behind_is_recognised(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_hold, args=(tmp_path,))
    process.start()
    while not (tmp_path / "held").exists():
        time.sleep(0.01)
    with pytest.raises(LockedError, match="李@desk run 1"), cluster_lock(tmp_path, "me"):
        pytest.fail("two hold one lock")
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with cluster_lock(tmp_path, "me") as left_behind:
        assert left_behind is not None
        assert "李@desk run 1" in left_behind
    with cluster_lock(tmp_path, "me") as left_behind:
        assert left_behind is None
