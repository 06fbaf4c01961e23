"""Steady mixed load on a service, and what became of every request.

    python -m benchmarks.rolling_upgrade.load URL [--stop-file PATH] [--seconds N]

Runs at the client's place until the time is up or the file appears, lets what is under way end,
and prints one JSON object: by kind of load ``{"begun", "done", "failed", "lost", "errors"}``.
Failed is what got no right answer; lost is what got none at all. Nobody tries anything twice: each
failure is one that a person would have seen. Each kind keeps its number of clients busy:

``short``    a sentence spoken, each on a connection of its own
``long``     a job of 20 s
``stream``   speech that is taken as it is made, over 10 s
``events``   a call of the page's API whose end comes as a server-sent event
``upload``   a recording sent slowly, 2 MiB in 8 s
``session``  Gradio's own client: one session after another, three calls each
"""

import argparse
import asyncio
import io
import json
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.numbers import duration

_PATIENCE = httpx.Timeout(120, connect=10)
_SENTENCE = "The quick brown fox jumps over the lazy dog."
_PAUSE = 0.5
"""Seconds between two requests of one client."""
_ERRORS = 20


@dataclass(slots=True)
class Tally:
    """What became of one kind."""

    begun: int = 0
    done: int = 0
    failed: int = 0
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds."""

    def note(self, error: BaseException) -> None:
        """Counts a failure."""
        silent = isinstance(error, httpx.TransportError | TimeoutError | ConnectionError)
        self.lost += silent
        self.failed += not silent
        if len(self.errors) < _ERRORS:
            when = time.strftime("%H:%M:%S")
            self.errors.append(f"{when} {type(error).__name__}: {error}"[:300])


class WrongAnswerError(Exception):
    """An answer came and was not right."""


Attempt = Callable[[str], Awaitable[None]]


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=_PATIENCE, trust_env=False)


def _require_sound(data: bytes) -> None:
    try:
        with wave.open(io.BytesIO(data)) as sound:
            frames = sound.getnframes()
    except (wave.Error, EOFError) as error:
        raise WrongAnswerError(f"no WAV: {error}") from None
    if frames < 1000:
        raise WrongAnswerError(f"{frames} frames of sound")


async def _spoken(url: str, text: str) -> None:
    body = {"model": "tts-1", "input": text, "response_format": "wav", "stream": False}
    async with _client(url) as client:
        answer = await client.post("/v1/audio/speech", json=body)
    if answer.status_code != 200:
        raise WrongAnswerError(f"{answer.status_code} {answer.text[:200]}")
    _require_sound(answer.content)


async def short(url: str) -> None:
    """A sentence."""
    await _spoken(url, _SENTENCE)


async def long(url: str) -> None:
    """A job of 20 s."""
    await _spoken(url, f"pace 20 {_SENTENCE}")


async def stream(url: str) -> None:
    """Speech taken as it comes."""
    body = {
        "model": "tts-1",
        "input": f"pace 10 {_SENTENCE}",
        "response_format": "pcm",
        "stream": True,
    }
    size = 0
    async with (
        _client(url) as client,
        client.stream("POST", "/v1/audio/speech", json=body) as answer,
    ):
        if answer.status_code != 200:
            raise WrongAnswerError(f"{answer.status_code}")
        async for chunk in answer.aiter_bytes():
            size += len(chunk)
    if size < 50_000:
        raise WrongAnswerError(f"the stream ended after {size} bytes")


async def events(url: str) -> None:
    """A call whose end is an event; begin and end come on two connections."""
    data = [f"pace 3 {_SENTENCE}", "cmn", 1.0, 42]
    async with _client(url) as client:
        begun = await client.post("/gradio_api/call/synthesize", json={"data": data})
        if begun.status_code != 200:
            raise WrongAnswerError(f"{begun.status_code} {begun.text[:200]}")
    async with _client(url) as client:
        heard = await client.get(f"/gradio_api/call/synthesize/{begun.json()['event_id']}")
    if "event: complete" not in heard.text:
        raise WrongAnswerError(heard.text[-200:])


async def upload(url: str) -> None:
    """A recording sent slowly."""

    async def slowly() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        for _ in range(32):
            yield bytes(65536)
            await asyncio.sleep(0.25)
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    async with _client(url) as client:
        answer = await client.post("/gradio_api/upload", content=slowly(), headers=kind)
    if answer.status_code != 200 or not answer.json():
        raise WrongAnswerError(f"{answer.status_code} {answer.text[:200]}")


async def session(url: str) -> None:
    """Three calls of one session by Gradio's own client."""
    await asyncio.to_thread(_session, url)


def _session(url: str) -> None:
    from gradio_client import Client

    with tempfile.TemporaryDirectory() as folder:
        client = Client(
            url, verbose=False, download_files=folder, httpx_kwargs={"timeout": _PATIENCE}
        )
        for number in range(3):
            path, _ = client.predict(
                f"{number}. {_SENTENCE}", "cmn", 1.0, 42, api_name="/synthesize"
            )
            _require_sound(Path(path).read_bytes())
            time.sleep(1)


KINDS: dict[str, tuple[Attempt, int]] = {
    "short": (short, 2),
    "long": (long, 1),
    "stream": (stream, 1),
    "events": (events, 1),
    "upload": (upload, 1),
    "session": (session, 1),
}
"""Each kind and how many clients it has."""


async def _keep_busy(url: str, attempt: Attempt, tally: Tally, over: Callable[[], bool]) -> None:
    while not over():
        tally.begun += 1
        began = time.monotonic()
        try:
            await attempt(url)
        except Exception as error:  # whatever a client's library raises is a failure to count
            tally.note(error)
        else:
            tally.done += 1
        tally.slowest = round(max(tally.slowest, time.monotonic() - began), 2)
        await asyncio.sleep(_PAUSE)


async def run(url: str, over: Callable[[], bool], kinds: list[str]) -> dict[str, Any]:
    """Load until ``over()``; the tallies by kind."""
    tallies = {kind: Tally() for kind in kinds}
    async with asyncio.TaskGroup() as group:
        for kind, tally in tallies.items():
            attempt, clients = KINDS[kind]
            for _ in range(clients):
                group.create_task(_keep_busy(url, attempt, tally, over))
    return {kind: asdict(tally) for kind, tally in tallies.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=duration, default=3600.0)
    parser.add_argument("--stop-file", type=Path)
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    asked = parser.parse_args()
    stop_file: Path | None = asked.stop_file
    end: float = time.monotonic() + asked.seconds

    def over() -> bool:
        stopped = stop_file is not None and stop_file.exists()
        return stopped or time.monotonic() >= end

    print(json.dumps(asyncio.run(run(asked.url, over, asked.kinds))))


if __name__ == "__main__":
    main()
