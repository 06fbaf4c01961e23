"""A job: one request on its way to a worker."""

from dataclasses import dataclass

from app.engines.interface import SynthesisRequest
from app.workers.frames import Frame


@dataclass(frozen=True, slots=True)
class Job:
    """A validated request and the id its log lines carry."""

    request_id: str
    request: SynthesisRequest

    def frame(self) -> Frame:
        """The job as a worker gets it."""
        request = self.request
        fields: dict[str, object] = {
            "request_id": self.request_id,
            "text": request.text,
            "voice": request.voice,
            "speed": request.speed,
            "seed": request.seed,
        }
        return Frame("speak", fields)


def job_of(frame: Frame) -> Job:
    """The job in a `speak` frame."""
    fields = frame.fields
    request = SynthesisRequest(
        text=str(fields["text"]),
        voice=str(fields["voice"]),
        speed=float(str(fields["speed"])),
        seed=int(str(fields["seed"])),
    )
    return Job(str(fields["request_id"]), request)
