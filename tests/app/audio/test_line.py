"""Recordings are decoded two at a time, and nobody waits for ever."""

import asyncio
import threading
from pathlib import Path

import pytest

from app.audio.clip import read_clip
from app.audio.line import DecodingLine
from app.errors import BusyError
from app.voices import clip_store
from app.voices.clip_store import ClipStore
from tests.app.audio.sounds import speech_like, write
from tests.app.audio.test_clip import LIMITS


class Gate:
    """Calls that are held until they are let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = threading.Semaphore(0)
        self.running = self.most = 0
        self._lock = threading.Lock()

    def call(self) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.inside.release()
        assert self.open.wait(60)
        with self._lock:
            self.running -= 1
        return "read"

    async def occupied(self, count: int) -> None:
        for _ in range(count):
            assert await asyncio.to_thread(self.inside.acquire, timeout=30)


def test_two_at_once_and_the_others_in_turn() -> None:
    async def scenario() -> None:
        gate, line = Gate(), DecodingLine[str](print)
        calls = [asyncio.create_task(line.call(gate.call, 60)) for _ in range(6)]
        await gate.occupied(2)
        gate.open.set()
        assert await asyncio.gather(*calls) == ["read"] * 6
        assert gate.most == 2

    asyncio.run(scenario())


def test_who_waits_too_long_is_told_so_and_who_has_begun_is_not() -> None:
    async def scenario() -> None:
        gate, line = Gate(), DecodingLine[str](print, at_once=1)
        patience = 2
        first = asyncio.create_task(line.call(gate.call, patience))
        await gate.occupied(1)
        with pytest.raises(BusyError) as told:
            await line.call(gate.call, 0.01)
        assert (told.value.status, told.value.retry_after) == (429, 5)
        await asyncio.sleep(patience)
        gate.open.set()
        assert await first == "read"
        assert gate.most == 1 and not gate.inside.acquire(blocking=False)

    asyncio.run(scenario())


def test_what_nobody_waits_for_is_dropped() -> None:
    async def scenario() -> None:
        dropped = threading.Event()
        gate, line = Gate(), DecodingLine[str](lambda _: dropped.set(), at_once=1)
        begun, waiting = (asyncio.create_task(line.call(gate.call, 60)) for _ in range(2))
        await gate.occupied(1)
        for task in (begun, waiting):
            task.cancel()
        await asyncio.wait({begun, waiting})
        gate.open.set()
        assert await asyncio.to_thread(dropped.wait, 30)
        assert gate.most == 1 and not gate.inside.acquire(blocking=False)

    asyncio.run(scenario())


def test_a_node_s_recordings_go_through_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        path = write(tmp_path / "a.wav", speech_like(2.0))
        gate = Gate()

        def held(*arguments: object, **named: object) -> object:
            gate.call()
            return read_clip(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(clip_store, "read_clip", held)
        rooms = [ClipStore(tmp_path) for _ in range(4)]
        reading = [asyncio.create_task(room.prepare(path, LIMITS, "source")) for room in rooms]
        await gate.occupied(2)
        with pytest.raises(BusyError):
            await ClipStore(tmp_path).prepare(path, LIMITS, "source", patience=0.01)
        gate.open.set()
        assert len({clip.digest for clip in await asyncio.gather(*reading)}) == 1
        assert gate.most == 2

    asyncio.run(scenario())
