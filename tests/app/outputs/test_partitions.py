"""Outputs in partitions: whatever is saved, deleted and cleaned in whichever order, every node's
history is what the folder holds."""

import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.outputs import catalogue, cleaning
from app.outputs.cleaning import Cleaning
from app.outputs.history import Found, History
from app.outputs.limits import Retention
from app.outputs.names import SIDECAR, audio_name, is_stem, new_stem
from app.outputs.partitions import (
    catalogue_of,
    end_of,
    first_of,
    last_of,
    partition_of,
)
from app.outputs.record import OutputRecord
from app.outputs.shared import OutputFiles, SharedFolder

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
_BEGIN = datetime.now(UTC) + timedelta(minutes=1)
"""Folders get the real time."""
_WORDS = ("red", "green", "白")
_DAY = 86400.0


class SteadyClock:
    """A steady clock that shows what it is told to, and the time of day by it."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=self.seconds)

    def begin(self) -> float:
        return self.seconds

    def seen(self, began: float, changed: float) -> None:
        """It is right already."""


def begin(clock: SteadyClock) -> datetime:
    """A moment of the clock's last partition, and not its last one."""
    now = clock.now()
    return now.replace(minute=now.minute // 10 * 10, second=30)


def shared(folder: Path, clock: SteadyClock, *, partitioned: bool = True) -> SharedFolder:
    made = SharedFolder(folder, partitioned=partitioned)
    made.clock = clock  # type: ignore[assignment]
    return made


def put(place: SharedFolder, created: datetime, text: str = "text", size: int = 100) -> str:
    """An output of that moment; its stem."""
    stem = new_stem(created, "rs1")
    record = OutputRecord("id", "rs1", "e", created.isoformat(), 1.5, text, "cmn", 1.0, 42)
    folder = place.save(OutputFiles(stem, audio_name(stem, "wav"), b"x" * size, record.to_json()))
    for suffix in (".wav", SIDECAR):
        os.utime(folder / f"{stem}{suffix}", (created.timestamp(),) * 2)
    return stem


def on_disk(folder: Path) -> dict[str, str]:
    """Texts by stems of all outputs that have sound and sidecar."""
    found = {}
    for path in folder.rglob(f"*{SIDECAR}"):
        if is_stem(path.stem) and path.with_suffix(".wav").exists():
            found[path.stem] = str(json.loads(path.read_bytes())["text"])
    return found


def stems(found: Found) -> list[str]:
    assert not found.unfinished
    return [output.stem for output in found.outputs]


def clean(place: SharedFolder, clock: SteadyClock, limits: Retention | None = None) -> None:
    Cleaning(place, limits or Retention(), clock.now().timestamp()).run()


def tick() -> None:
    """File systems keep times roughly: what changes from here on is in another tick."""
    time.sleep(0.012)


class Outputs(RuleBasedStateMachine):
    """Nodes that save in either way, delete and clean, and two that show the history."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        self.clock = SteadyClock()
        self.histories = [History(self.folder, self.clock), History(self.folder, self.clock)]

    def teardown(self) -> None:
        for history in self.histories:
            history.close()
        self.temporary.cleanup()

    @rule(
        age=st.sampled_from([0, 0, 0, 1, 200, 590, 700, 4000, 90_000]),
        partitioned=st.sampled_from([True, True, True, False]),
        word=st.sampled_from(_WORDS),
    )
    def save(self, age: int, partitioned: bool, word: str) -> None:
        place = shared(self.folder, self.clock, partitioned=partitioned)
        put(place, self.clock.now() - timedelta(seconds=age), word)
        tick()

    @rule(choice=st.integers(0, 1000), partitioned=st.booleans())
    def delete(self, choice: int, partitioned: bool) -> None:
        made = sorted(on_disk(self.folder))
        if made:
            stem = made[choice % len(made)]
            assert shared(self.folder, self.clock, partitioned=partitioned).delete(stem)
            assert stem not in on_disk(self.folder)
            tick()

    @rule(seconds=st.sampled_from([1, 4, 300, 700, 2000, 5000, 100_000]))
    def wait(self, seconds: int) -> None:
        self.clock.seconds += seconds

    @rule(days=st.sampled_from([0, 0, 0.02, 0.5, 2]), size=st.sampled_from([0, 0, 700, 2000]))
    def clean(self, days: float, size: int) -> None:
        clean(shared(self.folder, self.clock), self.clock, Retention(days, size))
        tick()

    @rule(node=st.sampled_from([0, 1]), word=st.sampled_from(["", *_WORDS]))
    def look(self, node: int, word: str) -> None:
        expected = [s for s, text in on_disk(self.folder).items() if word in text]
        found = self.histories[node].search(word, 100, "", 60)
        assert stems(found) == sorted(expected, reverse=True)
        for output in found.outputs:
            assert output.path.exists()

    @rule(first=st.sampled_from([0, 1]), count=st.integers(1, 4))
    def turn_pages(self, first: int, count: int) -> None:
        pages: list[str] = []
        before = ""
        for asked in range(1000):
            # The other one has no time to read more than it must.
            node = self.histories[(first + asked) % 2]
            page = node.search("", count, before, 0 if asked % 2 else 60)
            pages += [output.stem for output in page.outputs]
            before = page.older
            if not before:
                break
        assert pages == sorted(on_disk(self.folder), reverse=True)

    @precondition(lambda self: len(on_disk(self.folder)) > 0)
    @rule(choice=st.integers(0, 1000), partitioned=st.booleans())
    def find(self, choice: int, partitioned: bool) -> None:
        made = sorted(on_disk(self.folder))
        stem = made[choice % len(made)]
        place = shared(self.folder, self.clock, partitioned=partitioned)
        found = place.find(audio_name(stem, "wav"))
        assert found is not None and found.exists()
        assert place.owner(stem) == ""
        assert place.find(audio_name(new_stem(NOON, "rs9"), "wav")) is None

    @invariant()
    def nothing_foreign_is_made(self) -> None:
        for path in self.folder.rglob("*"):
            name = path.name
            assert path.is_dir() or is_stem(path.stem) or name.endswith(".catalogue"), path


TestOutputs = Outputs.TestCase
TestOutputs.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_a_partition_holds_ten_minutes() -> None:
    for moment, partition in (
        ("20261130T191000000Z", "2026-11-30/1910"),
        ("20261130T191959999Z", "2026-11-30/1910"),
        ("20261130T192000000Z", "2026-11-30/1920"),
        ("20261231T235959999Z", "2026-12-31/2350"),
    ):
        stem = f"{moment}-rs1-3f9a2c1b"
        assert partition_of(stem) == partition
        assert first_of(partition) < stem < last_of(partition)
    assert last_of("2026-11-30/1910") < first_of("2026-11-30/1920")
    assert end_of("2026-12-31/2350") == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_first_page_asks_for_the_newest_partitions_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteadyClock()
    place = shared(tmp_path, clock)
    for minute in range(0, 300, 2):
        put(place, begin(clock) - timedelta(minutes=minute))
    listed: list[str] = []
    real = os.listdir

    def counted(path: int) -> list[str]:
        listed.append(str(Path(f"/proc/self/fd/{path}").readlink()))
        return real(path)

    monkeypatch.setattr("app.outputs.listing.os.listdir", counted)
    history = History(tmp_path, clock)
    assert len(history.search("", 7, "", 60).outputs) == 7
    partitions = [path for path in listed if path.count("/") == str(tmp_path).count("/") + 2]
    assert len(partitions) == 3
    assert history.unread > 25


def test_a_catalogue_is_read_instead_of_its_sidecars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteadyClock()
    place = shared(tmp_path, clock)
    made = [put(place, begin(clock) + timedelta(milliseconds=n), f"n{n}x") for n in range(2500)]
    clock.seconds += 3600
    clean(place, clock)
    head = catalogue.read_head(tmp_path / catalogue_of(partition_of(made[0])))
    assert head and len(head.chunks) == 3
    read: list[Path] = []
    monkeypatch.setattr(
        "app.outputs.history.read_sidecar", lambda path, stamp=None: read.append(path)
    )
    history = History(tmp_path, clock)
    assert stems(history.search("", 20, "", 60)) == made[:-21:-1]
    assert history.unread == 2000
    assert stems(history.search("n3x", 20, "", 60)) == [made[3]]
    assert read == []


@pytest.mark.parametrize("damage", ["head", "cut", "gone", "other"])
def test_a_catalogue_that_is_wrong_costs_time_alone(tmp_path: Path, damage: str) -> None:
    clock = SteadyClock()
    place = shared(tmp_path, clock)
    made = [put(place, begin(clock) + timedelta(milliseconds=n)) for n in range(30)]
    clock.seconds += 3600
    clean(place, clock)
    path = tmp_path / catalogue_of(partition_of(made[0]))
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {
                "head": b'{"chunks": [["a", "b", -5, "x"]], "changed": {}}\n' + content,
                "cut": content[: len(content) // 2],
                "other": content.replace(b"2026", b"2025"),
            }[damage]
        )
    assert stems(History(tmp_path, clock).search("", 100, "", 60)) == made[::-1]


def test_a_pass_looks_through_what_has_changed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteadyClock()
    place = shared(tmp_path, clock)
    made = [put(place, clock.now() + timedelta(minutes=10 * n)) for n in range(12)]
    clock.seconds += 3 * 3600
    looked: list[str] = []
    real = cleaning.Cleaning._looked_through

    def counted(self: Cleaning, partition: str) -> object:
        looked.append(partition)
        return real(self, partition)

    monkeypatch.setattr(cleaning.Cleaning, "_looked_through", counted)
    clean(place, clock)
    assert len(looked) == 14
    looked.clear()
    clean(place, clock, Retention(days=30, total_bytes=1 << 30))
    assert looked == [".probes", ""]
    place.delete(made[4])
    looked.clear()
    clean(place, clock)
    assert looked == [".probes", "", partition_of(made[4])]
    # Nothing was in there any more.
    assert not (tmp_path / partition_of(made[4])).exists()


@pytest.mark.parametrize(("days", "size"), [(0.1, 0), (0, 3000), (0.2, 5000), (0, 1), (1, 1 << 30)])
@pytest.mark.parametrize("passes", [1, 2])
def test_what_has_to_go_is_the_same_in_partitions(
    tmp_path: Path, days: float, size: int, passes: int
) -> None:
    clock = SteadyClock()
    places = []
    for name in ("flat", "partitioned"):
        (tmp_path / name).mkdir()
        places.append(shared(tmp_path / name, clock, partitioned=name != "flat"))
    moments = [clock.now() + timedelta(minutes=7 * n, seconds=n) for n in range(60)]
    for number, moment in enumerate(moments):
        for place in places:
            put(place, moment, size=50 + 37 * number % 400)
    clock.seconds += 60 * 7 * 60 + 2000
    for place in places:
        # A first pass without limits makes the catalogues.
        for limits in [Retention()] * (passes - 1) + [Retention(days, size)]:
            clean(place, clock, limits)
    kept = [{stem[:19] for stem in on_disk(place.path)} for place in places]
    assert kept[0] == kept[1]
    assert len(kept[0]) < 60 or size == 1 << 30


def test_folders_of_partitions_are_for_whom_the_shared_one_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    stem = put(shared(tmp_path, SteadyClock()), NOON)
    partition = tmp_path / partition_of(stem)
    for folder in (partition, partition.parent):
        assert folder.stat().st_mode & 0o7777 == 0o2775


def test_a_folder_that_is_gone_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put(shared(tmp_path / "gone", SteadyClock()), NOON)
    assert not (tmp_path / "gone").exists()
