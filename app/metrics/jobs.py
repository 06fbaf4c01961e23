"""Metrics that are counted while jobs go by."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from ..workers.causes import Cause
from ..workers.observer import PoolObserver
from ..workers.report import JobReport
from ..workers.totals import Outcome

SECONDS = (
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    *(15, 20, 30, 45, 60, 90, 120, 180, 240, 300),
)
"""Bounds of buckets, from an answer at once to a job at its deadline."""
_FACTORS = (0.001, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5)


class JobMetrics(PoolObserver):
    """Job counters in a registry of their own; see the help texts for the units. ``sample_rate`` in
    Hz."""

    def __init__(self, registry: CollectorRegistry, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._waited = Histogram(
            "cosyvoice_queue_wait_seconds",
            "Time a job spent in line before a worker took it.",
            buckets=SECONDS,
            registry=registry,
        )
        self._first = Histogram(
            "cosyvoice_first_audio_seconds",
            "Time from accepting a job to its first sound, waiting included.",
            buckets=SECONDS,
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
        for cause in Cause:
            self._restarts.labels(cause.value)

    def job_begun(self, waited: float) -> None:
        self._waited.observe(waited)

    def job_ended(self, report: JobReport) -> None:
        audio = report.samples / self._sample_rate
        self._audio.inc(audio)
        if report.first_audio is not None:
            self._first.observe(report.first_audio)
        if report.outcome is Outcome.DONE and audio:
            self._factor.observe(report.ran / audio)

    def worker_replaced(self, cause: Cause) -> None:
        self._restarts.labels(cause.value).inc()
