"""Files that are removed from the shared folder, and files that never are."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app.books.kept import kept
from app.outputs import retention
from app.outputs.limits import Removed, Retention
from app.outputs.names import is_stem
from app.outputs.retention import clean
from app.outputs.shared import SharedFolder
from tests.app.node_process import ROOT
from tests.app.outputs.test_store import NOON, found, record, save

DAY = 86400


def output(folder: Path, age: float, size: int = 1000) -> str:
    """An output made `age` seconds ago; its stem."""
    made = save(folder, replace(record(), created=(NOON - timedelta(seconds=age)).isoformat()))
    made.path.write_bytes(b"x" * size)
    for path in (made.path, folder / f"{made.stem}.json"):
        grow_old(path, age)
    return made.stem


def grow_old(path: Path, age: float) -> None:
    os.utime(path, (time.time() - age,) * 2)


def pass_over(folder: Path, limits: Retention) -> Removed | None:
    """A pass that does not wait for the interval."""
    (folder / ".retention").unlink(missing_ok=True)
    return clean(SharedFolder(folder), limits)


def stems(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir() if is_stem(path.stem)}


def test_without_limits_everything_stays(tmp_path: Path) -> None:
    kept = {output(tmp_path, 10_000 * DAY), output(tmp_path, 5)}
    assert pass_over(tmp_path, Retention()) == Removed()
    assert stems(tmp_path) == kept


def test_what_is_too_old_goes_with_its_sidecar(tmp_path: Path) -> None:
    output(tmp_path, 31 * DAY)
    kept = output(tmp_path, 29 * DAY)
    removed = pass_over(tmp_path, Retention(days=30))
    assert removed
    assert removed.outputs == 1
    assert stems(tmp_path) == {kept}
    assert len(found(tmp_path)) == 1


def test_what_is_too_much_goes_oldest_first(tmp_path: Path) -> None:
    ages = [DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    made = [output(tmp_path, age, size=100_000) for age in ages]
    removed = pass_over(tmp_path, Retention(total_bytes=250_000))
    assert removed
    assert (removed.outputs, stems(tmp_path)) == (2, set(made[:2]))


def book(folder: Path, number: int, age: float, size: int, *, finished: bool = True) -> Path:
    made = folder / "books" / f"book_{number:016x}"
    (made / "files").mkdir(parents=True)
    (made / "files" / "book.mp3").write_bytes(b"x" * size)
    if finished:
        (made / "finished.json").write_text("")
        grow_old(made / "finished.json", age)
    return made


def test_books_count_for_the_size_and_go_as_outputs_do(tmp_path: Path) -> None:
    new = book(tmp_path, 1, DAY, 100_000)
    kept_output = output(tmp_path, 2 * DAY, size=100_000)
    old = book(tmp_path, 2, 3 * DAY, 100_000)
    output(tmp_path, 4 * DAY, size=10)
    # Its pieces take room, and it is somebody's work.
    unfinished = book(tmp_path, 3, 0, 10_000, finished=False)
    limits = Retention(total_bytes=250_000, others=partial(kept, tmp_path / "books"))
    removed = pass_over(tmp_path, limits)
    assert removed
    assert (removed.outputs, removed.others, removed.bytes > 100_000) == (1, 1, True)
    assert stems(tmp_path) == {kept_output}
    assert set((tmp_path / "books").iterdir()) == {new, unfinished}
    assert not old.exists()
    # The days of books are counted elsewhere, and without a limit nobody looks at them.
    pass_over(tmp_path, Retention(days=0.5, others=partial(kept, tmp_path / "books")))
    assert new.exists()


def test_a_book_that_was_just_made_stays_even_beyond_the_size(tmp_path: Path) -> None:
    made = book(tmp_path, 1, 5, 100_000)
    pass_over(tmp_path, Retention(total_bytes=10, others=partial(kept, tmp_path / "books")))
    assert made.exists()


def test_a_large_new_one_does_not_spare_small_old_ones(tmp_path: Path) -> None:
    output(tmp_path, 3 * DAY, size=10)
    output(tmp_path, 2 * DAY, size=300_000)
    kept = output(tmp_path, DAY, size=10)
    pass_over(tmp_path, Retention(total_bytes=250_000))
    assert stems(tmp_path) == {kept}


def test_what_was_just_made_stays_even_beyond_the_size(tmp_path: Path) -> None:
    kept = output(tmp_path, 5, size=100_000)
    pass_over(tmp_path, Retention(total_bytes=1))
    assert stems(tmp_path) == {kept}


def test_leftovers_go_after_a_grace_time_and_foreign_files_never(tmp_path: Path) -> None:
    half = [output(tmp_path, age) for age in (30, 30, 2 * DAY, 2 * DAY)]
    for stem, suffix in zip(half, (".json", ".wav", ".json", ".wav"), strict=True):
        (tmp_path / f"{stem}{suffix}").unlink()
    foreign = {"notes.txt", "song.wav", "package.json", ".hidden", "20261121.json"}
    for name in foreign:
        (tmp_path / name).touch()
        grow_old(tmp_path / name, 9999 * DAY)
    for name, age in (("new", 30), ("old", 2 * DAY)):
        (tmp_path / f".unfinished-{name}").touch()
        grow_old(tmp_path / f".unfinished-{name}", age)
    removed = pass_over(tmp_path, Retention(days=1, total_bytes=1))
    assert removed
    assert (removed.outputs, removed.leftovers) == (0, 3)
    assert stems(tmp_path) == set(half[:2])
    left = {path.name for path in tmp_path.iterdir()}
    assert foreign | {".unfinished-new"} < left
    assert ".unfinished-old" not in left


def test_a_second_pass_comes_an_interval_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SharedFolder(tmp_path)
    assert clean(folder, Retention()) is not None
    assert clean(folder, Retention()) is None
    monkeypatch.setattr(retention, "INTERVAL", 0.0)
    assert clean(folder, Retention()) is not None


_HOLDER = """
import sys, time
from pathlib import Path
from app.books.kept import kept
from app.outputs import cleaning, limits, retention
from app.outputs.shared import SharedFolder
def hold(*_):
    print("held", flush=True)
    time.sleep(60)
cleaning.Cleaning.run = hold
retention.clean(SharedFolder(Path(sys.argv[1])), limits.Retention())
"""


def test_one_node_at_a_time_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    old = output(tmp_path, 2 * DAY)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert clean(SharedFolder(tmp_path), Retention(days=1)) is None
        assert stems(tmp_path) == {old}
        holder.send_signal(signal.SIGKILL)
    removed = clean(SharedFolder(tmp_path), Retention(days=1))
    assert removed
    assert (removed.outputs, stems(tmp_path)) == (1, set())
