"""A job: one request on its way to a worker."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..engines.interface import Mode, SynthesisRequest
from ..sound.clip import Clip
from .frames import Frame


@dataclass(frozen=True, slots=True)
class Job:
    """A validated request and the id its log lines carry."""

    request_id: str
    request: SynthesisRequest
    timeout: float | None = None
    """Seconds it may run; None is the node's own limit."""
    arrived: float | None = None
    """Time of its arrival (``time.monotonic``), which is its place in the queue; None is now."""
    patient: bool = False
    """It goes behind everybody's, and gets only a slot that nobody else wants; see
    ``JobQueue.acquire_spare``."""

    def frame(self) -> Frame:
        """The job as a worker gets it. Deadline and place in the queue are the web process's."""
        request = asdict(self.request)
        for name in ("reference", "source"):
            if request[name] is not None:
                request[name]["path"] = os.fspath(request[name]["path"])
        if not request["word_times"]:
            # Nodes of an earlier build do not know the key.
            del request["word_times"]
        return Frame("speak", {"request_id": self.request_id, "request": request})


def job_of(frame: Frame) -> Job:
    """The job in a ``speak`` frame."""
    fields: dict[str, Any] = frame.fields
    told: dict[str, Any] = dict(fields["request"])
    for name in ("reference", "source"):
        if told[name] is not None:
            told[name] = Clip(**told[name] | {"path": Path(told[name]["path"])})
    request = SynthesisRequest(**told | {"mode": Mode(told["mode"])})
    return Job(str(fields["request_id"]), request)
