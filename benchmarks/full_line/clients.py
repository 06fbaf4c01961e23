"""Clients that ask for the same again and again, each on a connection of its own.

They are as cheap as can be, for they share the machine with the node.
"""

import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass, field

import httpx

_BODY = json.dumps({"model": "tts-1", "input": "你好，世界。"}).encode()
SPEECH = (
    b"POST /v1/audio/speech HTTP/1.1\r\nHost: tts.example\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


@dataclass(slots=True)
class Answers:
    """Times are seconds from a request to the end of its answer."""

    seconds: float
    spoken: list[float] = field(default_factory=list)
    """Answered with 200."""
    refused: list[float] = field(default_factory=list)
    others: int = 0
    """Other answers, and connections that broke."""

    @property
    def spoken_a_second(self) -> float:
        """Jobs."""
        return len(self.spoken) / self.seconds

    def count(self, status: int, seconds: float) -> None:
        """Note an answer."""
        if status == 200:
            self.spoken.append(seconds)
        elif status == 429:
            self.refused.append(seconds)
        else:
            self.others += 1

    def told(self, times: list[float]) -> str:
        """Rate, median and 99th percentile, for people."""
        if not times:
            return "none"
        ordered = sorted(times)
        middle, late = statistics.median(ordered), ordered[int(0.99 * len(ordered))]
        rate, last = len(times) / self.seconds, ordered[-1]
        return (
            f"{rate:.1f} a second, p50 {middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms, "
            f"at most {last * 1000:.0f} ms"
        )


async def ask_for(
    url: httpx.URL,
    clients: int,
    seconds: float,
    *,
    request: bytes = SPEECH,
    patient: bool = False,
) -> Answers:
    """Have so many clients ask for so long; each is answered to its end."""
    answers, end = Answers(seconds), time.monotonic() + seconds
    asking = (_client(url, end, answers, request, patient=patient) for _ in range(clients))
    ended = await asyncio.gather(*asking, return_exceptions=True)
    answers.others += sum(isinstance(error, BaseException) for error in ended)
    return answers


async def _client(
    url: httpx.URL, end: float, answers: Answers, request: bytes, *, patient: bool
) -> None:
    if patient:
        # They did not all come in the same moment.
        await asyncio.sleep(random.random())
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=1 << 24)
    try:
        while (began := time.monotonic()) < end:
            writer.write(request)
            status, retry_after = await _answer(reader)
            answers.count(status, time.monotonic() - began)
            if patient and retry_after:
                await asyncio.sleep(retry_after * (1 + random.random() / 2))
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Status, and the seconds of Retry-After. Raises IncompleteReadError."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines if line)
    if length := fields.get(b"content-length"):
        await reader.readexactly(int(length))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(first.split()[1]), int(fields.get(b"retry-after", b"0"))
