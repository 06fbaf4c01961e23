"""Contract of a node's HTTP API: every path, header, key and metric that is relied on here.

The node's side is ``app/api``, ``app/node.py`` and ``app/metrics``; ``tests/app/test_node_api.py``
holds this module against a running node. Nothing else in this package spells any of it.
"""

from typing import NotRequired, TypedDict

HEALTH = "/healthz"
"""200 while the process lives, whoever asks."""
READY = "/readyz"
"""200 on a node that should get clients, else 503 with the reason."""
STATUS = "/cluster/status"
"""Told at a node's own address alone, as ``METRICS`` are, and at an edge's VIP, of all nodes."""
METRICS = "/metrics"
"""Prometheus text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""
EDGE_HEALTH = "/health"
"""Of an edge, not of a node: 200 while it lives."""
SPEECH = "/v1/audio/speech"
GENERATE = "/AIVoice/TTS/CosyVoice2/"
"""Beginning of the first version's routes."""

NODE_HEADER = "X-Node"
"""Header of every answer: name of the node that gave it. The probes, which run on hosts without
this package, spell it themselves."""

DRAINING = "draining"
"""Reason not to be ready that the drain file gives; several are joined by ``; ``."""
ONLY_DRAINING = f'"reason":"{DRAINING}"'
"""In the body of ``READY``, if nothing but the drain keeps clients away."""


class Jobs(TypedDict):
    """Counts of jobs at this time."""

    running: int
    waiting: int


class OpenRequests(TypedDict):
    """Counts of clients' requests under way."""

    answers: int
    """Uploads, streams, downloads."""
    pages: int
    """Streams that open pages keep."""


class Worker(TypedDict):
    """A worker slot."""

    detail: str
    """Empty, or why it has not proved itself yet."""


class Engine(TypedDict):
    """The engine that speaks."""

    name: str


ROBOT = "espeak"
"""Name of the engine that is always there, and sounds like it."""


class CardOut(TypedDict):
    """A card out of service."""

    gpu: int
    reason: str
    back_in: float | None
    """Seconds until it is back if it stays whole; nothing while it is in trouble."""


class CardEvent(TypedDict):
    """Something that became of a card, or of the node for its cards."""

    time: str
    event: str
    gpu: int | None
    reason: str


class GpuHealth(TypedDict):
    """Cards out of service."""

    mode: str
    out: list[CardOut]
    stays: str
    """Reason for which the node stays in service without a whole card; empty where it does not."""
    history: list[CardEvent]


class Status(TypedDict):
    """Body of ``STATUS``; keys that are not read here are left out."""

    node: str
    version: str
    release: str | None
    draining: bool
    reason: NotRequired[str]
    """Empty, or why the node is not ready. Releases that lie on hosts may lack it."""
    engine: NotRequired[Engine]
    """Apps of other sources may lack it."""
    capacity: int
    """Jobs at a time."""
    queue_size: int
    jobs: Jobs
    open: NotRequired[OpenRequests]
    """Releases that lie on hosts may lack it."""
    workers: list[Worker]
    gpu_health: NotRequired[GpuHealth]
    """Releases that lie on hosts may lack it."""


class SpeechBody(TypedDict):
    """Body of a request for speech."""

    model: str
    input: str
    response_format: str
    stream: NotRequired[bool]


def speech_body(text: str) -> SpeechBody:
    """Request to speak a text as a WAV file."""
    return {"model": "tts-1", "input": text, "response_format": "wav"}


PROCESS_START = "process_start_time_seconds"
JOBS_TOTAL = "cosyvoice_jobs_total"
OUTCOME = "outcome"
"""Label of ``JOBS_TOTAL``."""
DONE = "done"
BAD_OUTCOMES = ("failed", "timed_out")
"""Refused is the text's fault, cancelled the client's, busy the load's."""
RESTARTS_TOTAL = "cosyvoice_worker_restarts_total"
CAUSE = "cause"
"""Label of ``RESTARTS_TOTAL``."""
CRASHES = ("crash", "out_of_memory", "start_failed", "self_test", "nonsense")
"""Other causes are planned, the client's wish, a card's trouble, or a job's deadline, which is a
bad outcome too."""
FACTOR_SUM = "cosyvoice_real_time_factor_sum"
FACTOR_COUNT = "cosyvoice_real_time_factor_count"
