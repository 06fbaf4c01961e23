"""Clients of a node, each kind at its own rate, whatever the answers take."""

import asyncio
import contextlib
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError

import httpx
from gradio_client import Client

TEXTS = (
    "你好，世界。",
    "Hello there, this is a longer sentence in English.",
    "您好，您的快递 order A-17 已经到达小区门口，请及时领取。",
)
FORMATS = ("wav", "mp3", "opus", "pcm")
_PATIENCE = 120.0
_HANGS_UP = 0.05
"""Seconds."""


class Load:
    """The answers, by kind and status; `failures` counts 5xx and broken connections."""

    def __init__(self, url: str) -> None:
        self.answers: Counter[str] = Counter()
        self.failures = 0
        self.speech_rate = 9.0
        """Requests for speech a second; may be changed at any time."""
        self._url = url
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        self._client = httpx.AsyncClient(
            base_url=url, timeout=_PATIENCE, limits=limits, trust_env=False
        )
        self._gradio: Client | None = None
        self._number = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float) -> None:
        """Ask for so long, and wait for the last answers."""
        self._gradio = await asyncio.to_thread(
            Client, self._url, verbose=False, httpx_kwargs={"timeout": _PATIENCE}
        )
        end = time.monotonic() + seconds
        rates: dict[str, tuple[float | None, Callable[[], Awaitable[int]]]] = {
            "speech": (None, self._speech),
            "readyz": (10.0, self._ready),
            "page": (2.0, self._page),
            "gradio": (1.0, self._by_gradio),
            "gone": (1.0, self._hang_up),
            "wrong": (1.0, self._wrong),
            "upload": (0.5, self._upload),
        }
        kinds = ((kind, rate, ask) for kind, (rate, ask) in rates.items())
        await asyncio.gather(*(self._at_rate(*one, end) for one in kinds))
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()
        if self._gradio is not None:
            await asyncio.to_thread(self._gradio.close)

    def told(self) -> str:
        """All answers until now."""
        answers = ", ".join(f"{name} {times}" for name, times in sorted(self.answers.items()))
        return f"{answers}; {self.failures} failures"

    async def _at_rate(
        self, kind: str, rate: float | None, ask: Callable[[], Awaitable[int]], end: float
    ) -> None:
        while time.monotonic() < end:
            task = asyncio.create_task(self._noted(kind, ask))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(random.expovariate(rate or self.speech_rate))

    async def _noted(self, kind: str, ask: Callable[[], Awaitable[int]]) -> None:
        try:
            status = await ask()
        except Exception as error:
            self.answers[f"{kind} {type(error).__name__}"] += 1
            self.failures += 1
            return
        self.answers[f"{kind} {status}"] += 1
        self.failures += status >= 500

    async def _speech(self) -> int:
        number = next(self._number)
        body = {
            "model": "tts-1",
            "input": TEXTS[number % len(TEXTS)],
            "response_format": FORMATS[number % len(FORMATS)],
        }
        if number % 20 == 0:
            path = "/AIVoice/TTS/CosyVoice2/audio-generate"
            return (await self._client.post(path, json={"text": body["input"]})).status_code
        return (await self._client.post("/v1/audio/speech", json=body)).status_code

    async def _ready(self) -> int:
        return (await self._client.get("/readyz")).status_code

    async def _page(self) -> int:
        return (await self._client.get("/", headers={"host": "tts.example"})).status_code

    async def _by_gradio(self) -> int:
        client = self._gradio
        assert client is not None

        def predict() -> int:
            try:
                client.predict(TEXTS[0], api_name="/synthesize")
            except CancelledError:
                # By the client itself: a job that it sent while the stream of its session's last
                # one ended.
                return 0
            return 200

        return await asyncio.to_thread(predict)

    async def _hang_up(self) -> int:
        body = {"model": "tts-1", "input": TEXTS[1] * 20}
        with contextlib.suppress(httpx.ReadTimeout):
            timeout = httpx.Timeout(_PATIENCE, read=_HANGS_UP)
            await self._client.post("/v1/audio/speech", json=body, timeout=timeout)
        return 0

    async def _wrong(self) -> int:
        body = {"model": "tts-1", "input": "", "voice": "nobody"}
        return (await self._client.post("/v1/audio/speech", json=body)).status_code

    async def _upload(self) -> int:
        files = {"files": ("recording.wav", os.urandom(100_000))}
        return (await self._client.post("/gradio_api/upload", files=files)).status_code
