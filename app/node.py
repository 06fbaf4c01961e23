"""One node: settings, workers and outputs, and what page and API ask of them."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from app import __version__, audio
from app.engines.base import Request
from app.outputs.store import Store
from app.settings import Settings
from app.text import cleaned
from app.workers.job import Job, JobError, Sound
from app.workers.pool import Pool

SPEEDS = (0.5, 2.0)
SEEDS = (1, 100_000_000)


class RequestError(ValueError):
    """A request that makes no sense; the message says which part and what is allowed."""


@dataclass(frozen=True, slots=True)
class Output:
    """A finished and saved synthesis."""

    path: Path | None
    """Where it was saved; nothing where it was not asked for."""
    sound: Sound
    seed: int

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return len(self.sound.samples) / self.sound.sample_rate

    @property
    def wav(self) -> bytes:
        """The sound as a WAV file."""
        return audio.wav(self.sound.samples, self.sound.sample_rate)


class Node:
    """The node as a whole."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pool = Pool(
            settings.engine, settings.workers, settings.queue_size, settings.job_timeout
        )
        self.store = Store(settings.output_dir, settings.node_name)

    @property
    def draining(self) -> bool:
        """Whether the node wants no new work."""
        file = self.settings.drain_file
        return self.pool.closed or (file is not None and file.exists())

    @property
    def not_ready(self) -> str:
        """Why the node should get no work, or an empty text."""
        return "draining" if self.draining else self.pool.not_ready

    def checked(self, text: str, voice: str | None, speed: float, seed: int | None) -> Request:
        """A request that an engine can take. Raises ``TextError`` or ``RequestError``."""
        voices = [known.id for known in self.pool.voices]
        if not voice and voices:
            voice = voices[0]
        if voice not in voices:
            raise RequestError(f"voice {voice!r} is not one of {', '.join(voices)}")
        low, high = SPEEDS
        if not low <= speed <= high:
            raise RequestError(f"speed {speed:g} is not between {low:g} and {high:g}")
        first, last = SEEDS
        if seed is None:
            seed = first + secrets.randbelow(last)
        if not first <= seed <= last:
            raise RequestError(f"seed {seed} is not between {first} and {last}")
        return Request(cleaned(text), voice, float(speed), int(seed))

    def synthesize(self, request: Request, request_id: str) -> Output:
        """Speaks, and waits for it; the sound is not saved. Raises ``JobError``."""
        sound = self.pool.submit(Job(request, request_id)).result()
        if not len(sound.samples):
            raise JobError("引擎没有发出声音。 The engine made no sound of this text.")
        return Output(None, sound, request.seed)

    def save(self, output: Output, request: Request, request_id: str) -> Path:
        """Saves an output to the shared folder. Raises ``OSError``."""
        return self.store.save(
            output.wav,
            engine=self.pool.engine_name,
            voice=request.voice,
            speed=request.speed,
            seed=request.seed,
            text=request.text,
            duration=output.duration,
            request_id=request_id,
        )

    def status(self) -> dict[str, object]:
        """The node as programs see it."""
        return {
            "node": self.settings.node_name,
            "version": __version__,
            "release": self.settings.release,
            "engine": self.pool.engine_name,
            "capacity": self.pool.size,
            "queue_size": self.settings.queue_size,
            "running": self.pool.running,
            "waiting": self.pool.waiting,
            "done": self.pool.done,
            "failed": self.pool.failed,
            "draining": self.draining,
            "ready": not self.not_ready,
        }
