"""Self-test of a worker in doubt: it says its first words again."""

import asyncio
from enum import StrEnum

from app.workers import frames
from app.workers.frames import Frame
from app.workers.worker import Worker, WorkerGoneError


class Verdict(StrEnum):
    """Names are part of status and metrics."""

    PASSED = "passed"
    FAILED = "failed"


async def trouble(worker: Worker, times: int, seconds: float) -> str:
    """Have a worker that has no job say its first words, and describe what keeps it from that;
    empty where it says them so many times within ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            for _ in range(times):
                await worker.send(Frame("rehearse", {}))
                if said := await _ending(worker, seconds):
                    return said
    except TimeoutError:
        return f"its first words took longer than {seconds:g} s"
    except WorkerGoneError as error:
        return str(error)
    return ""


async def _ending(worker: Worker, seconds: float) -> str:
    while (frame := await worker.receive(seconds)).kind not in frames.ENDINGS:
        pass
    if frame.kind == "done":
        return ""
    return str(frame.fields.get("message") or frame.fields.get("en") or frame.kind)
