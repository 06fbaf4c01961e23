"""Changes in partitions that a node looks at no more, and in those that nobody tells of: a history
that has seen the folder before shows them."""

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.outputs import atomic, catalogue, listing
from app.outputs.cleaning import Cleaning
from app.outputs.history import History, search_for
from app.outputs.limits import Retention
from app.outputs.names import new_stem
from app.outputs.partitions import catalogue_of, partition_of
from app.outputs.shared import PROBES, SharedFolder
from tests.app.outputs.test_partitions import SteadyClock, begin, clean, put, shared, stems, tick

_OLD = timedelta(days=3)
_AHEAD = timedelta(days=40)


class Site:
    """A folder, and a node that shows its history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteadyClock()
        self.place: SharedFolder = shared(folder, self.clock)
        self.history = History(folder, self.clock)

    def shown(self) -> list[str]:
        return stems(self.history.search("", 1000, "", 60))

    def grow_final(self) -> None:
        """The listings of all folders are of later ticks than their last changes."""
        for _ in range(3):
            tick()
            self.shown()
            self.clock.seconds += 4

    def grow_cold(self) -> None:
        """Nothing changes for so long that partitions are not looked at any more."""
        for seconds in (4, 4, 4000, 4, 4):
            tick()
            self.clock.seconds += seconds
            self.shown()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    # So that no other day is the newest.
    put(made.place, made.clock.now() + _AHEAD)
    yield made
    made.history.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that are opened to be listed."""
    found: list[str] = []

    def opened(path: Path, *more: Any) -> int:
        found.append(str(path))
        return os.open(path, *more)

    monkeypatch.setattr(listing, "os", SimpleNamespace(**vars(os) | {"open": opened}))
    return found


def test_what_waited_in_a_spool_joins_a_partition_of_long_ago(site: Site) -> None:
    then = begin(site.clock) - _OLD
    first = put(site.place, then)
    assert first in site.shown()
    site.grow_cold()
    late = put(site.place, then + timedelta(seconds=5))
    assert site.shown()[-2:] == [late, first]


def test_what_is_deleted_in_a_partition_of_long_ago_is_gone(site: Site) -> None:
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(seconds=n)) for n in range(2)]
    site.grow_cold()
    assert set(made) < set(site.shown())
    site.place.delete(made[1])
    assert site.shown()[-1] == made[0]
    assert made[1] not in site.shown()


def test_a_new_partition_is_seen_on_a_day_that_nobody_looks_at(site: Site) -> None:
    put(site.place, begin(site.clock) - timedelta(hours=1))
    site.grow_cold()
    new = put(site.place, begin(site.clock) + timedelta(minutes=10))
    assert new in site.shown()


def test_more_in_a_partition_that_is_being_filled_is_seen_untold(site: Site) -> None:
    now = site.clock.now()
    put(site.place, now)
    site.grow_final()
    site.clock.seconds += 560
    before = site.folder.stat().st_mtime_ns
    new = put(site.place, now)
    assert site.folder.stat().st_mtime_ns == before
    assert new in site.shown()


def test_what_nobody_told_of_is_seen_after_the_next_pass(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node died between the change and its word."""
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(seconds=n)) for n in range(3)]
    clean(site.place, site.clock)
    site.grow_cold()
    with monkeypatch.context() as patch:
        patch.setattr(SharedFolder, "tell_of", lambda self, partition: None)
        site.place.delete(made[1])
        late = put(site.place, then + timedelta(seconds=9))
    assert made[1] in site.shown()
    tick()
    site.clock.seconds += 600
    clean(site.place, site.clock)
    shown = site.shown()
    assert late in shown
    assert made[1] not in shown


def test_a_change_within_the_tick_of_the_last_listing_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "stamp_of", lambda about: (0, about.st_ino, 0, about.st_mtime_ns))
    now = site.clock.now()
    first = put(site.place, now)
    partition = site.folder / partition_of(first)
    site.grow_final()
    put(site.place, now)
    site.shown()
    changed = partition.stat().st_mtime_ns
    third = put(site.place, now)
    os.utime(partition, ns=(changed, changed))
    site.clock.seconds += 4000
    assert third in site.shown()


def test_sound_that_is_gone_is_not_shown(site: Site) -> None:
    stem = put(site.place, site.clock.now())
    (site.folder / partition_of(stem) / f"{stem}.wav").unlink()
    assert stem not in site.shown()


def test_a_cursor_of_a_node_that_knows_nothing_stays_where_it_is(site: Site) -> None:
    then = begin(site.clock)
    made = [put(site.place, then + timedelta(seconds=n)) for n in range(3)]
    fresh = History(site.folder, site.clock)
    fresh.refresh()
    # Nobody reads: it gets nowhere, and tells nothing.
    search = search_for("", 9, made[2])
    for _ in range(5):
        fresh.advance(search)
        assert search.outputs == []
    assert len(search.found.older) < len(made[2]) + 3
    assert made[1] < search.found.older < made[2]
    fresh.close()


def test_a_pass_that_takes_some_of_a_partition_tells_of_it(site: Site) -> None:
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(seconds=n), size=1000) for n in range(4)]
    clean(site.place, site.clock)
    site.grow_cold()
    clean(site.place, site.clock, Retention(total_bytes=4000))
    assert 1 <= len(site.shown()) < 5
    assert made[0] not in site.shown()


def test_a_partition_that_outputs_come_to_stays(site: Site) -> None:
    stem = put(site.place, site.clock.now())
    site.place.delete(stem)
    clean(site.place, site.clock)
    partition = site.folder / partition_of(stem)
    assert partition.exists()
    site.clock.seconds += 3600
    clean(site.place, site.clock)
    assert not partition.exists()


def test_a_partition_that_may_have_changed_in_this_tick_gets_no_catalogue(site: Site) -> None:
    stem = put(site.place, begin(site.clock) - _OLD)
    partition = site.folder / partition_of(stem)
    now = site.clock.now().timestamp()
    beside = site.folder / catalogue_of(partition_of(stem))
    for ago, there in ((1, False), (5, True)):
        os.utime(partition, (now - ago,) * 2)
        clean(site.place, site.clock)
        assert beside.exists() == there


def test_a_look_at_what_is_as_it_was_asks_for_little(site: Site, asked: list[str]) -> None:
    for hours in range(100):
        put(site.place, begin(site.clock) - timedelta(hours=hours))
    site.grow_cold()
    asked.clear()
    assert len(site.shown()) == 101
    # The shared folder, the newest day, and today's.
    assert str(site.folder) in asked
    assert len(set(asked)) <= 3
    assert {Path(path).parent for path in set(asked)} <= {site.folder, site.folder.parent}


def test_partitions_that_are_removed_are_gone_from_histories(site: Site) -> None:
    then = begin(site.clock) - _OLD
    gone = [put(site.place, then + timedelta(minutes=10 * n)) for n in range(3)]
    kept = put(site.place, begin(site.clock))
    site.grow_cold()
    assert set(gone) < set(site.shown())
    for stem in gone[:2]:
        site.place.delete(stem)
    clean(site.place, site.clock)
    assert not (site.folder / partition_of(gone[0])).exists()
    assert site.shown()[1:] == [kept, gone[2]]
    site.place.delete(gone[2])
    clean(site.place, site.clock)
    assert not (site.folder / partition_of(gone[2])).parent.exists()
    assert site.shown()[1:] == [kept]


def test_a_server_clock_that_was_ahead_hides_nothing(site: Site) -> None:
    now = site.clock.now()
    put(site.place, now)
    ahead = site.clock.now().timestamp() + 86400
    os.utime(site.folder, (ahead, ahead))
    site.grow_final()
    # It is right again, and somebody has told of something else.
    os.utime(site.folder)
    site.grow_final()
    new = put(site.place, now)
    assert new in site.shown()


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("first", ["beside", "inside"])
def test_what_lies_in_two_places_is_there_until_both_are_gone(
    site: Site, first: str, *, known: bool
) -> None:
    stem = put(site.place, begin(site.clock) - _OLD)
    inside = site.folder / partition_of(stem)
    if known:
        site.grow_cold()
    for suffix in (".wav", ".json"):
        shutil.copy(inside / f"{stem}{suffix}", site.folder)
    assert site.shown().count(stem) == 1
    tick()
    for suffix in (".wav", ".json"):
        (
            site.folder / f"{stem}{suffix}" if first == "beside" else inside / f"{stem}{suffix}"
        ).unlink()
    site.place.tell_of(partition_of(stem))
    assert site.shown().count(stem) == 1
    tick()
    assert site.place.delete(stem)
    assert stem not in site.shown()


def test_what_is_not_mounted_is_not_gone(site: Site) -> None:
    made = [put(site.place, begin(site.clock) - timedelta(hours=hours)) for hours in range(30)]
    away = site.folder.with_name("away")

    def check_mount() -> None:
        if not site.folder.exists():
            raise OSError(errno.ENODEV, "it is not mounted")

    history = History(site.folder, site.clock, check_mount)
    history.search("", 3, "", 60)
    site.folder.rename(away)
    for _ in range(3):
        with pytest.raises(OSError, match=r"not mounted|No such file"):
            history.read(1000, 10)
        with pytest.raises(OSError, match=r"not mounted|No such file"):
            history.refresh()
    away.rename(site.folder)
    assert stems(history.search("", 100, "", 60))[1:] == sorted(made, reverse=True)
    history.close()


def test_a_folder_that_could_not_be_looked_at_is_the_next_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = begin(site.clock) - _OLD
    first = put(site.place, then)
    assert first in site.shown()
    site.grow_cold()
    broken = {str(site.folder / place) for place in (partition_of(first), partition_of(first)[:10])}

    def opened(path: Path, *more: Any) -> int:
        if str(path) in broken:
            raise OSError(errno.ESTALE, "Stale file handle")
        return os.open(path, *more)

    late = put(site.place, then + timedelta(seconds=5))
    with monkeypatch.context() as patch:
        patch.setattr(listing, "os", SimpleNamespace(**vars(os) | {"open": opened}))
        assert late not in site.shown()
    site.shown()
    assert late in site.shown()


def test_what_cannot_be_removed_keeps_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [put(site.place, begin(site.clock) - timedelta(days=days)) for days in (5, 4, 3, 1)]
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if made[0] in path.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    removed = Cleaning(site.place, Retention(days=2), site.clock.now().timestamp()).run()
    assert removed.outputs == 2
    assert site.shown()[1:] == [made[3], made[0]]
    assert (site.folder / catalogue_of(partition_of(made[3]))).exists()


def test_a_catalogue_of_what_changed_meanwhile_is_not_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(seconds=n), f"word{n}") for n in range(2)]
    real = catalogue.write

    def write(*given: Any) -> None:
        site.place.delete(made[1])
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "write", write)
        clean(site.place, site.clock)
    assert not (site.folder / catalogue_of(partition_of(made[0]))).exists()


def test_a_partition_that_cannot_be_listed_hides_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(minutes=10 * n)) for n in range(3)]
    broken = str(site.folder / partition_of(made[1]))

    def opened(path: Path, *more: Any) -> int:
        if str(path) == broken:
            raise OSError(errno.EIO, "Input/output error")
        return os.open(path, *more)

    with monkeypatch.context() as patch:
        patch.setattr(listing, "os", SimpleNamespace(**vars(os) | {"open": opened}))
        assert site.shown()[1:] == [made[2], made[0]]
        clean(site.place, site.clock, Retention(days=1000, total_bytes=1 << 30))
    site.clock.seconds += 61
    assert site.shown()[1:] == made[::-1]
    with monkeypatch.context() as patch:
        patch.setattr(listing, "os", SimpleNamespace(**vars(os) | {"open": opened}))
        site.place.delete(made[0])
        assert site.shown()[1:] == [made[2], made[1]]


@pytest.mark.parametrize("obstacle", ["file", "forbidden"])
def test_what_its_partition_does_not_take_is_saved_beside(
    site: Site, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = site.clock.now()
    partition = partition_of(new_stem(now, "rs1"))
    if obstacle == "file":
        (site.folder / partition).parent.mkdir()
        (site.folder / partition).touch()
    else:
        # Root may write everywhere.
        def write(path: Path, data: bytes, mode: int = 0o666) -> float:
            if path.parent == site.folder / partition:
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(path, data, mode)

        real = atomic.write
        monkeypatch.setattr(atomic, "write", write)
    stem = put(site.place, now)
    assert (site.folder / f"{stem}.wav").exists()
    assert stem in site.shown()
    assert site.place.find(f"{stem}.wav") == site.folder / f"{stem}.wav"
    assert site.place.owner(stem) == ""
    assert site.place.delete(stem)
    assert stem not in site.shown()


def test_a_full_disk_keeps_no_pass_from_making_room(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [put(site.place, begin(site.clock) - timedelta(days=days)) for days in (3, 2)]

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(catalogue, "write", full)
    clean(site.place, site.clock, Retention(days=2.5))
    assert site.shown()[1:] == made[1:]


def test_leftovers_in_partitions_go_after_an_hour(site: Site) -> None:
    then = begin(site.clock) - timedelta(minutes=40)
    stem = put(site.place, then)
    partition = site.folder / partition_of(stem)
    left = partition / f"{atomic.UNFINISHED}0000-a.wav"
    left.write_bytes(b"x")
    os.utime(left, (then.timestamp(),) * 2)
    sound = partition / f"{new_stem(then, 'rs2')}.wav"
    sound.write_bytes(b"x")
    os.utime(sound, (then.timestamp(),) * 2)
    clean(site.place, site.clock)
    assert left.exists() and sound.exists()
    for _ in range(2):
        site.clock.seconds += 3600
        clean(site.place, site.clock)
    assert {path.stem for path in partition.iterdir()} == {stem}
    assert (site.folder / catalogue_of(partition_of(stem))).exists()


def test_no_text_of_what_is_deleted_stays_in_a_catalogue(site: Site) -> None:
    then = begin(site.clock) - _OLD
    made = [put(site.place, then + timedelta(seconds=n), f"word{n}") for n in range(2)]
    clean(site.place, site.clock)
    path = site.folder / catalogue_of(partition_of(made[0]))
    assert b"word1" in path.read_bytes()
    site.place.delete(made[1])
    assert not path.exists()
    clean(site.place, site.clock)
    assert b"word0" in path.read_bytes() and b"word1" not in path.read_bytes()
    # A pass was killed between the two.
    shutil.rmtree(site.folder / partition_of(made[0]))
    clean(site.place, site.clock)
    assert not path.parent.exists()


def test_a_probe_has_nobody_list_the_folder_anew(site: Site) -> None:
    site.place.probe()
    before = site.folder.stat().st_mtime_ns
    site.place.probe()
    assert site.folder.stat().st_mtime_ns == before
    assert list((site.folder / PROBES).iterdir()) == []


@pytest.mark.parametrize(
    "head",
    [
        b'{"changed": Infinity, "bytes": 1, "chunks": []}',
        b'{"changed": 1, "bytes": 1, "chunks": [["2", "3", 1e300, 5]]}',
        b'{"changed": 1, "bytes": 1, "chunks": [["2", "3", 99999999999999999999999, 5]]}',
        b'{"changed": 1, "bytes": 1, "chunks": [["2", "3", -9, -1]]}',
        b"[]",
        b"\xff",
        b"",
    ],
)
def test_a_foreign_catalogue_is_none(site: Site, head: bytes) -> None:
    stem = put(site.place, begin(site.clock) - _OLD)
    path = site.folder / catalogue_of(partition_of(stem))
    path.write_bytes(head + b"\n")
    assert site.shown()[1:] == [stem]
    clean(site.place, site.clock)
    assert stem.encode() in path.read_bytes()


def test_what_is_somebodys_in_folders_of_such_names_stays(site: Site) -> None:
    then = begin(site.clock) - _OLD
    stem = put(site.place, then)
    partition = site.folder / partition_of(stem)
    own = [
        partition / "notes.txt",
        partition.parent / "own.catalogue",
        partition.parent / "1210" / "x.wav",
        site.folder / "2020-01-01" / "1210.txt",
        site.folder / "2020-01-02" / "1210" / "x.json",
        site.folder / "2020-99-99" / "9990" / f"{stem}.wav",
    ]
    for path in own:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        os.utime(path, (1, 1))
    (site.folder / "2020-01-03").mkdir()
    for _ in range(2):
        clean(site.place, site.clock, Retention(days=1, total_bytes=1))
        site.clock.seconds += 7200
    assert all(path.exists() for path in own)
    assert (site.folder / "2020-01-03").exists()
    assert not (partition / f"{stem}.wav").exists()
