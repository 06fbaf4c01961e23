"""An engine that fails on demand, found through its entry point as any other package's is.

The text says what happens: `hang`, `crash`, `raise`, `oom`, `silent`, `slow SECONDS`, `until FILE`
(it sounds until there is that file), `long SECONDS` (made at once), `quote` (it tells everybody
what it was to say), `leak MIB`, `noise` by the seed, `pid`, `card`, `break [late]` (for good, as a
GPU's assertions do); everything else is a tone. `FAULTY_ENGINE_LOAD` makes loading fail:
`unavailable` or `crash`. The file that `FAULTY_ENGINE_TROUBLE` names, while it is there, makes
speech fail, in the processes that it names or in all: `raise`, `silent`, or `sometimes` (two times
of three); with `load` loading fails, too, and with `wait` it does not come to its end.
"""

import ctypes
import itertools
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cosyvoice_cluster.app.engines.interface import (
    Capability,
    EngineInfo,
    EngineUnavailableError,
    Samples,
    SynthesisRequest,
    TimedSamples,
    Voice,
    Word,
)

RATE = 8000
_TENTH: Samples = np.sin(np.arange(RATE // 10, dtype=np.float32) * np.float32(0.35)) / 2


class OutOfMemoryError(RuntimeError):
    """Called as torch's."""


def _trouble() -> list[str]:
    path = Path(os.environ.get("FAULTY_ENGINE_TROUBLE", "/nowhere"))
    words = path.read_text().split() if path.is_file() else []
    pids = [word for word in words if word.isdigit()]
    return words if not pids or str(os.getpid()) in pids else []


class FaultyEngine:
    def __init__(self) -> None:
        self._leaked: list[bytes] = []
        self._spoken = 0
        self._broken = False

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        what, _, argument = request.text.partition(" ")
        trouble = _trouble()
        self._spoken += 1
        if "raise" in trouble or ("sometimes" in trouble and self._spoken % 3):
            raise OSError("libfaulty.so: cannot open shared object file")
        if self._broken:
            raise RuntimeError("CUDA error: device-side assert triggered")
        if "silent" in trouble:
            yield np.zeros(RATE, np.float32)
        elif what == "hang":
            yield _TENTH
            time.sleep(3600)
        elif what == "crash":
            yield _TENTH
            ctypes.string_at(0)
        elif what == "quote":
            said = f"about to say {request.text}"
            print(said)
            logging.getLogger("model.frontend").warning(said)
            raise RuntimeError(f"no sound for {request.text[-12:]!r} in {request.text.encode()}")
        elif what == "raise":
            raise RuntimeError("the model is out of tune")
        elif what == "break":
            self._broken = True
            if argument == "late":
                yield _TENTH
            raise RuntimeError("CUDA error: device-side assert triggered")
        elif what == "oom":
            yield _TENTH
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        elif what == "leak":
            self._leaked.append(b"x" * (int(argument) << 20))
            yield _TENTH
        elif what == "noise":
            yield np.random.default_rng(request.seed).random(RATE, np.float32) - np.float32(0.5)
        elif what == "card":
            seen = os.environ.get("CUDA_VISIBLE_DEVICES", "?").encode()
            yield np.frombuffer(seen.ljust(16), np.uint8).astype(np.float32) / np.float32(128)
        elif what == "silent":
            yield np.zeros(RATE, np.float32)
        elif what == "loud":
            yield np.full(RATE, 3.0, np.float32)
        elif what == "slow":
            began = time.monotonic()
            for tenth in range(1, round(float(argument) * 10) + 1):
                # Not later and later: benchmarks count on it.
                time.sleep(max(0.0, began + tenth / 10 - time.monotonic()))
                yield _TENTH
        elif what == "long":
            yield from itertools.repeat(_TENTH, round(float(argument) * 10))
        elif what == "until":
            yield _TENTH
            while not Path(argument).exists():
                time.sleep(0.1)
                yield _TENTH
        elif what == "pid":
            # One sample for each bit of the process id.
            yield np.array([(os.getpid() >> bit & 1) * 0.5 for bit in range(32)], np.float32)
        else:
            yield _TENTH

    def timed(self, request: SynthesisRequest) -> Iterator[TimedSamples]:
        """Every piece is the text's first word."""
        for samples in self.synthesize(request):
            yield TimedSamples(samples, (Word(request.text.split()[0], 0, len(samples)),))


class FaultyPlugin:
    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="faulty",
            title="Faulty",
            sample_rate=RATE,
            voices=(Voice("tone", "纯音", "Tone", "zh-CN"),),
            capabilities=frozenset({Capability.SPEED, Capability.SEED, Capability.WORD_TIMES}),
            warm_up_text="hello",
        )

    def load(self) -> FaultyEngine:
        trouble = os.environ.get("FAULTY_ENGINE_LOAD")
        while "wait" in _trouble():
            time.sleep(0.05)
        if trouble == "crash":
            os._exit(7)
        if "load" in _trouble():
            raise EngineUnavailableError("libfaulty.so is not there; install it again")
        if trouble == "unavailable":
            raise EngineUnavailableError("the weights are missing; download them")
        return FaultyEngine()


plugin = FaultyPlugin()
