"""Clients that come as people do: few, then some, then many at once."""

import asyncio
import random
import time
from collections.abc import Iterator
from types import TracebackType

import httpx

LULL, USUAL, BURST = 0.1, 0.6, 3.0
"""Load, in parts of what the node can do."""
_PHASES = ((LULL, 25.0), (USUAL, 30.0), (BURST, 10.0))
"""Loads, and how many seconds each goes on in the mean."""
_SENTENCE = "您好，您的快递已经到达小区门口，请及时领取。"
_MEDIAN, _SPREAD, _LONGEST = 60.0, 0.8, 180
"""Sentences of a text; lengths are lognormal, as those of speech are, up to what a node takes."""
_MEASURED = 30
_SEED = 23


class Clients:
    """Clients of the node at the URL, which has so many slots; closed by the context."""

    def __init__(self, url: str, slots: int) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(base_url=url, timeout=None, limits=limits, trust_env=False)
        self._slots = slots
        self._chance = random.Random(_SEED)
        self._can_do = 1.0

    async def __aenter__(self) -> "Clients":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def measure(self) -> None:
        """Find how many jobs a second the node can do, by having no slot wait for a client."""
        began, left = time.monotonic(), iter(range(_MEASURED))

        async def one_after_another() -> None:
            for _ in left:
                await self._speak()

        await asyncio.gather(*(one_after_another() for _ in range(2 * self._slots)))
        self._can_do = _MEASURED / (time.monotonic() - began)

    async def ask(self, seconds: float) -> list[int]:
        """Ask for so long, whatever the answers take; return their statuses."""
        began = time.monotonic()
        asked: list[asyncio.Task[int]] = []
        for load, phase in phases(self._chance, seconds):
            end = min(time.monotonic() + phase, began + seconds)
            while (now := time.monotonic()) < end:
                pause = self._chance.expovariate(load * self._can_do)
                await asyncio.sleep(min(pause, end - now))
                if now + pause < end:
                    asked.append(asyncio.create_task(self._speak()))
        return await asyncio.gather(*asked)

    async def _speak(self) -> int:
        length = self._chance.lognormvariate(0, _SPREAD) * _MEDIAN
        text = _SENTENCE * min(_LONGEST, max(1, round(length)))
        body = {"model": "tts-1", "input": text, "response_format": "wav"}
        async with self._http.stream("POST", "/v1/audio/speech", json=body) as answer:
            async for _ in answer.aiter_raw():
                pass
        return answer.status_code


def phases(chance: random.Random, seconds: float) -> Iterator[tuple[float, float]]:
    """Loads and their seconds, until there are enough; never the same load twice in a row."""
    last = LULL
    while seconds > 0:
        load, mean = chance.choice([one for one in _PHASES if one[0] != last])
        took = chance.uniform(0.5, 1.5) * mean
        yield load, took
        last, seconds = load, seconds - took
