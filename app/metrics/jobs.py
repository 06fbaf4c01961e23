"""Metrics that are counted while jobs go by."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.workers.observer import PoolObserver
from app.workers.pcm import SAMPLE_BYTES

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_FACTORS = (0.001, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5)


class JobMetrics(PoolObserver):
    """Counts in a registry of its own; see the help texts for the units. `sample_rate` in Hz."""

    def __init__(self, registry: CollectorRegistry, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._waited = Histogram(
            "cosyvoice_queue_wait_seconds",
            "Time a job spent in line before a worker took it.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._first = Histogram(
            "cosyvoice_first_audio_seconds",
            "Time from a request to its first sound, waiting included.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._factor = Histogram(
            "cosyvoice_real_time_factor",
            "Time on the worker for a second of sound, of jobs that were done.",
            buckets=_FACTORS,
            registry=registry,
        )
        self._audio = Counter(
            "cosyvoice_audio_seconds", "Sound that was made, in seconds.", registry=registry
        )
        self._restarts = Counter(
            "cosyvoice_worker_restarts",
            "Workers that were replaced.",
            ["cause"],
            registry=registry,
        )
        # So that the first of each is seen as an increase.
        for cause in ("crash", "deadline", "cancelled", "start_failed"):
            self._restarts.labels(cause)

    def job_begun(self, waited: float) -> None:
        self._waited.observe(waited)

    def first_audio(self, seconds: float) -> None:
        self._first.observe(seconds)

    def job_done(self, worked: float, audio_bytes: int) -> None:
        audio = audio_bytes / SAMPLE_BYTES / self._sample_rate
        self._audio.inc(audio)
        if audio:
            self._factor.observe(worked / audio)

    def worker_replaced(self, cause: str) -> None:
        self._restarts.labels(cause).inc()
