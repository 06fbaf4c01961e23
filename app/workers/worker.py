"""A worker process: loads the engine once, speaks once to warm up, then does job after job.

Messages to the parent are pairs: ``("ready", (name, sample_rate, voices))``, ``("done",
(samples, seconds))``, ``("failed", message)``.
"""

import signal
import time
from multiprocessing.connection import Connection

import numpy as np

from app.engines import registry
from app.engines.base import EngineError, Request, Samples

_WARM_UP = "你好。 Hello."


def work(connection: Connection, engine_name: str) -> None:
    """The process's main function. Ends when the parent closes the pipe."""
    # The parent drains first and ends its workers itself; Ctrl-C on a terminal reaches all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        engine = registry.create(engine_name)
        engine.load()
        sound = _speak(engine.synthesize(Request(_WARM_UP, engine.voices[0].id)))
        if not np.any(np.abs(sound) > 0.01):
            raise EngineError("the engine loads but is silent")
    except EngineError as error:
        connection.send(("failed", str(error)))
        return
    connection.send(("ready", (engine.name, engine.sample_rate, engine.voices)))
    while True:
        try:
            request: Request = connection.recv()
        except (EOFError, OSError):
            return
        began = time.monotonic()
        try:
            samples = _speak(engine.synthesize(request))
        except EngineError as error:
            connection.send(("failed", str(error)))
        else:
            connection.send(("done", (samples, time.monotonic() - began)))


def _speak(chunks: "object") -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *chunks])  # type: ignore[misc]
