"""The history of a large folder: what is asked of the file server, and what viewers are told."""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.access.ownership import Caller, Rules
from app.engines.registry import find_engine
from app.errors import StorageError
from app.outputs import history as history_module
from app.outputs import listing, looks
from app.outputs.history import Found, History, Output, search_for
from app.outputs.names import new_stem
from app.outputs.record import OutputRecord
from app.outputs.sidecar import Sidecar, read_sidecar
from app.outputs.store import OutputStore
from app.recordings import Recordings
from app.web.history_events import HistoryEvents
from app.web.views.history import MOST_SHOWN, history_html
from app.web.words import both

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENGINE = find_engine("espeak").describe()
_SOMEBODY = Caller("browser 1", Rules())
_ANYBODY: Any = SimpleNamespace(request=SimpleNamespace(scope={"cosyvoice.caller": _SOMEBODY}))


def put(folder: Path, number: int, text: str = "text", **more: Any) -> str:
    """An output of the second `number` after noon; its stem."""
    created = NOON + timedelta(seconds=number)
    stem = new_stem(created, "rs1")
    record = OutputRecord("id", "rs1", "e", created.isoformat(), 1.5, text, "cmn", 1.0, 42)
    (folder / f"{stem}.wav").touch()
    (folder / f"{stem}.json").write_bytes(replace(record, **more).to_json())
    return stem


def stems(found: Found) -> list[str]:
    return [output.stem for output in found.outputs]


class _Counted:
    """Stands for a function, and counts what it is asked for."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.asked: list[str] = []
        self.before: Callable[[], object] = lambda: None
        self.function = function

    def __call__(self, path: Any, *more: Any) -> Any:
        self.asked.append(str(path))
        self.before()
        return self.function(path, *more)


@pytest.fixture
def sidecars(monkeypatch: pytest.MonkeyPatch) -> _Counted:
    counted = _Counted(read_sidecar)
    monkeypatch.setattr(history_module, "read_sidecar", counted)
    return counted


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> _Counted:
    counted = _Counted(os.listdir)
    monkeypatch.setattr(listing, "os", SimpleNamespace(**vars(os) | {"listdir": counted}))
    return counted


class _Clock:
    """A steady clock that shows what it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_each_sidecar_is_read_once_and_the_newest_are_enough(
    tmp_path: Path, sidecars: _Counted
) -> None:
    made = [put(tmp_path, number) for number in range(100)]
    history = History(tmp_path)
    assert stems(history.search("", 20, "", 10)) == made[:-21:-1]
    assert len(sidecars.asked) == 20
    assert history.search("nowhere", 20, "", 10) == Found([], "")
    assert len(sidecars.asked) == 100
    newest = put(tmp_path, 100)
    assert stems(history.search("rs1", 1, "", 10)) == [newest]
    assert len(history.search("text", 500, "", 10).outputs) == 101
    assert len(sidecars.asked) == 101


def test_more_is_offered_only_where_there_is_more(tmp_path: Path) -> None:
    made = [put(tmp_path, number, "a" if number else "b") for number in range(4)]
    history = History(tmp_path)
    history.search("everything", 9, "", 10)
    assert history.search("a", 3, "", 10).older == ""
    assert history.search("a", 2, "", 10).older == made[2]


def test_pages_follow_each_other_whichever_node_is_asked(tmp_path: Path) -> None:
    made = [put(tmp_path, number) for number in range(12)]
    nodes = [History(tmp_path), History(tmp_path)]
    pages, before = [], ""
    for asked in range(100):
        # The other one has no time to read more than it must.
        page = nodes[asked % 2].search("", 5, before, 0 if asked % 2 else 10)
        pages += stems(page)
        before = page.older
        if not before:
            break
    assert pages == made[::-1]


def test_the_folder_is_listed_when_it_has_changed(tmp_path: Path, listings: _Counted) -> None:
    clock = _Clock()
    history = History(tmp_path, clock)
    first = put(tmp_path, 1)
    # However soon the next change comes, it comes in another tick.
    os.utime(tmp_path, (1.0, 1.0))
    for _ in range(3):
        # It may change within the tick of the file system's clock.
        assert stems(history.search("", 9, "", 10)) == [first]
    assert len(listings.asked) == 3
    clock.now += 10
    for _ in range(3):
        assert stems(history.search("", 9, "", 10)) == [first]
    assert len(listings.asked) == 4
    second = put(tmp_path, 2)
    assert stems(history.search("", 9, "", 10)) == [second, first]
    assert len(listings.asked) == 5


def test_a_change_within_a_tick_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "stamp_of", lambda about: (1, 1, 1, 1))
    history = History(tmp_path, _Clock())
    assert history.search("", 9, "", 10).outputs == []
    stem = put(tmp_path, 1)
    assert stems(history.search("", 9, "", 10)) == [stem]


def test_a_listing_that_comes_late_is_not_taken(tmp_path: Path, listings: _Counted) -> None:
    history, stem = History(tmp_path), put(tmp_path, 1)
    hangs, let_go = threading.Event(), threading.Event()

    def names(path: Any) -> list[str]:
        if threading.current_thread() is late:
            hangs.set()
            let_go.wait()
            return []
        return os.listdir(path)  # noqa: PTH208

    late = threading.Thread(target=history.refresh)
    listings.function = names
    late.start()
    hangs.wait()
    assert stems(history.search("", 9, "", 10)) == [stem]
    let_go.set()
    late.join()
    search = search_for("", 9)
    history.advance(search)
    assert stems(search.found) == [stem]


def test_what_could_not_be_read_is_tried_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = put(tmp_path, 1, "whole")
    path = tmp_path / f"{stem}.json"
    content = path.read_bytes()
    path.write_bytes(content[:50])
    history, parsed = History(tmp_path), []

    def read(path: Path, *more: Any) -> Sidecar | None:
        sidecar = read_sidecar(path, *more)
        parsed.append(sidecar)
        return sidecar

    monkeypatch.setattr(history_module, "read_sidecar", read)
    for _ in range(3):
        assert history.search("", 9, "", 10) == Found([], "")
    assert [bool(sidecar) for sidecar in parsed] == [True, False, False]
    path.write_bytes(content)
    assert stems(history.search("whole", 9, "", 10)) == [stem]


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"speed": 1' + "0" * 400 + "}",
        json.dumps({"text": "\ud800"}),
    ],
)
def test_a_hostile_sidecar_is_passed_over(tmp_path: Path, content: str) -> None:
    hostile, stem = put(tmp_path, 2), put(tmp_path, 1)
    told = json.loads((tmp_path / f"{hostile}.json").read_text())
    if content.startswith("{"):
        content = json.dumps(told | json.loads(content))
    (tmp_path / f"{hostile}.json").write_text(content)
    assert stem in stems(History(tmp_path).search("cmn", 9, "", 10))


def test_a_query_may_have_any_number_of_words(tmp_path: Path) -> None:
    words = " ".join(f"w{number}" for number in range(5000))
    stem = put(tmp_path, 1, words)
    history = History(tmp_path)
    assert stems(history.search(words, 9, "", 10)) == [stem]
    assert history.search(f"{words} another", 9, "", 10).outputs == []


def test_a_disk_that_does_not_take_the_index_is_told_and_all_is_read_again(tmp_path: Path) -> None:
    stem = put(tmp_path, 1)

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1")
        await store.newest(5)
        store._history._known.index.close()
        with pytest.raises(StorageError, match="this node's own disk"):
            await store.newest(5)
        assert "index of the history" in store.trouble
        assert [output.stem for output in await store.newest(5)] == [stem]
        assert store.trouble == ""
        store.close()

    asyncio.run(work())


def test_viewers_who_look_at_once_share_a_look(
    tmp_path: Path, listings: _Counted, sidecars: _Counted
) -> None:
    made = [put(tmp_path, number) for number in range(5)]

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1")
        queries = ["", "text", "nothing"] * 10
        found = await asyncio.gather(*(store.search(query, 9) for query in queries))
        assert [len(part.outputs) for part in found] == [5, 5, 0] * 10
        assert len(listings.asked) == 1
        assert len(sidecars.asked) == len(made)
        store.close()

    asyncio.run(work())


@asynccontextmanager
async def _looking(
    folder: Path, listings: _Counted, viewers: int
) -> AsyncIterator[tuple[OutputStore, list[asyncio.Task[list[Output]]], threading.Event]]:
    """A store, looks that `viewers` take at the same time, and what lets their listing go on, which
    hangs."""
    hangs, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        let_go.wait()

    listings.before = hang
    store = OutputStore(folder, "rs1")
    looks = [asyncio.create_task(store.newest(9)) for _ in range(viewers)]
    await asyncio.to_thread(hangs.wait)
    try:
        yield store, looks, let_go
    finally:
        let_go.set()
        store.close()


def test_a_look_sees_what_its_viewer_has_just_changed(tmp_path: Path, listings: _Counted) -> None:
    first = put(tmp_path, 1)

    async def work() -> None:
        # What the look in progress has seen already.
        old = [[path.name for path in tmp_path.iterdir()]]
        found = listings.function
        listings.function = lambda path: old[0] if old else found(path)
        async with _looking(tmp_path, listings, 1) as (store, [early], let_go):
            second = put(tmp_path, 2)
            assert await store.delete(first)
            late = [asyncio.ensure_future(store.newest(9)) for _ in range(5)]
            await asyncio.sleep(0.05)
            listings.before = old.clear
            let_go.set()
            assert [output.stem for output in await early] in ([first], [])
            for look in late:
                assert [output.stem for output in await look] == [second]
        assert len(listings.asked) == 2

    asyncio.run(work())


def test_who_goes_away_takes_no_look_from_others(tmp_path: Path, listings: _Counted) -> None:
    stem = put(tmp_path, 1)

    async def work() -> None:
        async with _looking(tmp_path, listings, 3) as (store, viewers, let_go):
            viewers[0].cancel()
            await asyncio.sleep(0.05)
            let_go.set()
            for viewer in viewers[1:]:
                assert [output.stem for output in await viewer] == [stem]
            assert store.trouble == ""

    asyncio.run(work())


def test_a_search_that_is_not_finished_says_so_and_gets_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "_BUDGET", 0.0)
    monkeypatch.setattr(looks, "_BATCH", 20)
    wanted = put(tmp_path, 0, "needle")
    for number in range(1, 300):
        put(tmp_path, number)

    async def work() -> None:
        store = OutputStore(tmp_path, "rs1")
        recordings = Recordings(tmp_path, tmp_path)
        past = HistoryEvents(store, ENGINE, recordings)
        told = await past.look("needle", "all", _ANYBODY)
        assert both("no_match") not in told
        # The newest 20 have been read.
        moment = (NOON + timedelta(seconds=280)).astimezone()
        assert both("searched_to", f"{moment:%Y-%m-%d %H:%M:%S}") in told
        assert both("go_on") in told and 'class="more" data-count="0"' in told
        pressed = 0
        while 'class="more"' in told:
            told = await past.look_further("needle", "all", _ANYBODY, _pressed(0))
            pressed += 1
        assert wanted in told and pressed <= 15
        assert both("no_match") in await past.look("nowhere", "all", _ANYBODY)
        recordings.close()
        store.close()

    asyncio.run(work())


def _pressed(count: object) -> Any:
    return SimpleNamespace(_data={"count": count})


@pytest.mark.parametrize("count", [-100, "7", None, [1]])
def test_a_number_that_no_page_shows_is_not_taken(tmp_path: Path, count: object) -> None:
    made = [put(tmp_path, number) for number in range(3)]

    async def work() -> None:
        store, recordings = OutputStore(tmp_path, "rs1"), Recordings(tmp_path, tmp_path)
        past = HistoryEvents(store, ENGINE, recordings)
        told = await past.look_further("", "all", _ANYBODY, _pressed(count))
        assert all(stem in told for stem in made)
        recordings.close()
        store.close()

    asyncio.run(work())


def test_what_is_found_so_far_is_shown_with_how_far(tmp_path: Path) -> None:
    stem = put(tmp_path, 1)
    found = History(tmp_path).search("", 9, "", 10)
    told = history_html(
        Found(found.outputs, f"{stem}!", unfinished=True), ENGINE, "text", _SOMEBODY
    )
    assert stem in told and both("go_on") in told and 'data-count="1"' in told
    assert both("more") not in told


def test_a_name_that_is_no_date_is_told_as_it_is() -> None:
    found = Found([], "99999999T999999999Z-a-00000000", True)
    told = history_html(found, ENGINE, "", _SOMEBODY)
    assert "99999999T999999999Z" in told and both("no_history") not in told


def test_the_longest_list_says_that_it_ends(tmp_path: Path) -> None:
    put(tmp_path, 1)
    output = History(tmp_path).search("", 1, "", 10).outputs[0]
    told = history_html(Found([output] * MOST_SHOWN, output.stem), ENGINE, "", _SOMEBODY)
    assert both("most_shown", MOST_SHOWN) in told and 'class="more"' not in told


def test_the_index_has_no_name(tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path, number, "x" * 900_000)
    history = History(tmp_path)
    assert len(history.search("x", 99, "", 60).outputs) == 30
    files = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
    assert [name.endswith("(deleted)") for name in files if "etilqs" in name] == [True]
    history.close()


def test_an_index_error_is_an_os_error(tmp_path: Path) -> None:
    history = History(tmp_path)
    with pytest.raises(OSError, match="disk is full"), history._using():
        raise sqlite3.OperationalError("database or disk is full")


def test_a_list_has_its_owners_outputs_alone(tmp_path: Path) -> None:
    owners = ["key a", "", "key b", "key a", "foreign"]
    made = [put(tmp_path, number, "same", owner=owner) for number, owner in enumerate(owners)]
    foreign = tmp_path / f"{made[4]}.json"
    # Half of a surrogate pair, as only a file of somebody else's has it.
    foreign.write_bytes(foreign.read_bytes().replace(b"foreign", b"\\ud800"))
    history = History(tmp_path)

    def listed(owners: set[str] | None, count: int = 9, before: str = "") -> list[str]:
        search = search_for("same", count, before, None if owners is None else frozenset(owners))
        history.refresh()
        history.read(100)
        history.advance(search)
        return stems(search.found)

    assert listed(None) == made[::-1]
    assert listed({"key a"}) == [made[3], made[0]]
    assert listed({"key a", ""}) == [made[3], made[1], made[0]]
    assert listed({"key a", ""}, 1, made[3]) == [made[1]]
    assert listed({"key c"}) == listed(set()) == []
    history.close()


def test_a_list_of_one_owner_is_found_without_a_walk_through_all(tmp_path: Path) -> None:
    history = History(tmp_path)
    rows = history._known.index._database.execute(
        "explain query plan select stem from outputs where stem > ? and stem < ? and owner = ? "
        "order by stem desc",
        ("", "~", "key a"),
    ).fetchall()
    assert len(rows) == 1 and "owned (owner=? AND stem>? AND stem<?)" in rows[0][-1]
    history.close()
