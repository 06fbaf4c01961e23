"""The things that are measured. Every function returns seconds, or jobs per second."""

import io
import statistics
import time
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from app.engines.interface import Engine, SynthesisRequest
from app.sound.pcm import pcm16

SEED = 7
ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Times:
    """Two ways of the same work, in turn, so that a machine that drifts drifts for both."""

    ours: list[float]
    theirs: list[float]

    @property
    def ours_median(self) -> float:
        return statistics.median(self.ours)

    @property
    def theirs_median(self) -> float:
        return statistics.median(self.theirs)

    @property
    def difference(self) -> float:
        """Median of the differences, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(ours - theirs for ours, theirs in pairs)

    @property
    def ratio(self) -> float:
        """Median of the ratios ours to theirs, pair by pair."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> Times:
    """Both, `times` times each, after one of each that does not count."""
    ours()
    theirs()
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(times)]
    return Times([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def directly(engine: Engine, voice: str, text: str) -> bytes:
    """The engine without a node: text in, samples out."""
    request = SynthesisRequest(text, voice, 1.0, SEED)
    return b"".join(pcm16(chunk) for chunk in engine.synthesize(request))


def through(client: httpx.Client, voice: str, text: str) -> bytes:
    """The same through the node's API, as one answer. Raises `httpx.HTTPStatusError`."""
    answer = client.post("/v1/audio/speech", json=_body(voice, text) | {"stream": False})
    with wave.open(io.BytesIO(answer.raise_for_status().content)) as file:
        samples: bytes = file.readframes(file.getnframes())
        return samples


def first_audio(client: httpx.Client, voice: str, text: str) -> None:
    """Until the first sound of a streamed answer; the rest is not waited for."""
    body = _body(voice, text) | {"stream": True}
    with client.stream("POST", "/v1/audio/speech", json=body) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            if piece:
                return
    raise ValueError("the node answered without sound")


def jobs_per_second(work: Callable[[], object], jobs: int, at_a_time: int) -> float:
    """Throughput of `jobs` calls, so many at a time."""
    with ThreadPoolExecutor(at_a_time) as threads:
        began = time.perf_counter()
        for done in [threads.submit(work) for _ in range(jobs)]:
            done.result()
        return jobs / (time.perf_counter() - began)


def throughputs(
    ours: Callable[[], object], theirs: Callable[[], object], jobs: int, at_a_time: int
) -> tuple[float, float, float]:
    """Jobs per second of both, ours with so many at a time and theirs one after the other, and the
    median of their ratios over rounds in turn."""
    rates = [
        (
            jobs_per_second(ours, jobs // ROUNDS, at_a_time),
            jobs_per_second(theirs, jobs // ROUNDS, 1),
        )
        for _ in range(ROUNDS)
    ]
    ratio = statistics.median(mine / other for mine, other in rates)
    return statistics.median(r[0] for r in rates), statistics.median(r[1] for r in rates), ratio


def _body(voice: str, text: str) -> dict[str, object]:
    # As the engine made it: bare samples are at a rate of their own.
    wanted: dict[str, object] = {"model": "tts-1", "input": text, "response_format": "wav"}
    return wanted | {"voice": voice, "seed": SEED}
