"""The app on the real servers."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from .base import Name, Part, Port, Whole
from .command import AppFolder, HostPath
from .engine import EngineEntry
from .hosts import Variable
from .owners import Owners
from .secrets.secret import Secret
from .venv import VenvEntry


class Server(StrEnum):
    """Program that runs the app's web process."""

    UVICORN = "uvicorn"
    """Nothing but the service manager: it is its own server."""
    GUNICORN = "gunicorn"
    """A master of Gunicorn's, with the web process as its only worker (uvicorn-worker)."""


class App(Part):
    """The program that is run, from where, as whom."""

    source: str = "builtin"
    """Place of the Python package ``app``: ``builtin`` (the one that comes with this program), a
    local folder, a wheel, an archive (.tar.gz, .tgz, .zip), or a git URL."""
    ref: str | None = None
    """Tag, branch or commit of a git source."""
    directory: AppFolder = PurePosixPath("/opt/cosyvoice")
    """Releases are unpacked below it; ``current`` points to the one that runs."""
    python: HostPath = PurePosixPath("/opt/cosyvoice/venv/bin/python")
    """Interpreter of an environment with the app's requirements (a venv or conda's). Releases that
    have an environment of their own (``venv``) run with that."""
    venv: VenvEntry = None
    """Gives each release an environment of its own. ``true`` is one with all defaults."""
    user: Name = "cosyvoice"
    """Account the app runs as; made if it is not there."""
    engine: EngineEntry = None
    """What speaks, by its name or with its settings; absent is a robot's voice."""
    server: Server = Server.UVICORN
    """What runs the web process: ``uvicorn``, or ``gunicorn``, whose master keeps the port and
    replaces a process that hangs."""
    per_gpu: bool = False
    """Runs a node of its own for each card, on a port of its own, in place of one app with a worker
    for each slot. Real servers' ``gpus``, or the engine's, say how many there are."""
    first_port: Port = 12321
    """With ``per_gpu`` the port of the first card's node; the next ones have the next ports."""
    workers: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    """Worker processes per node (GPU slots); per-host ``workers`` goes over it."""
    queue_size: Annotated[Whole, Field(ge=1, le=1_000_000)] = 32
    """Jobs that may wait on a node; more are refused."""
    job_timeout: Annotated[Whole, Field(ge=1, le=1_000_000)] = 60
    """Seconds after which a job is stopped."""
    enable_queue: bool = True
    """Requests wait in line instead of running all at once."""
    session_routing: bool | None = None
    """Nodes pass a page's requests to the one that holds its session, so that any scheduler does.
    Absent: on for ``builtin``, off for an app from elsewhere, which may use the same layer."""
    metrics: bool | None = None
    """The app tells Prometheus of itself, at ``/metrics`` of each node. Absent: so does
    ``builtin``; an app from elsewhere that has the same metrics is asked for them with ``true``."""
    log_texts: bool = False
    """Logs texts to be spoken as they are, for an app of this project's. Without it a log has their
    length and a hash: they are personal."""
    owners: Owners | None = None
    """Who sees, uses and deletes outputs and voices, for an app of this project's; absent, owners
    alone."""
    secret: Secret | None = None
    """By which the nodes know each other; absent, one is made and kept beside the history."""
    arguments: list[str] = []
    """Further command-line arguments."""
    environment: dict[str, Variable] = {}
    """Environment variables of the app; a real server's own go over them."""
    keep_releases: Annotated[Whole, Field(ge=1, le=1_000_000)] = 3
    """Releases that stay on a node, to go back to. The one that runs and the one before stay in
    any case."""
    stop_timeout: Annotated[Whole, Field(ge=1, le=1_000_000)] = 90
    """Seconds the app may take to finish its work when stopped."""

    @property
    def base_python(self) -> PurePosixPath:
        """An interpreter that is on a real server before any release is."""
        return self.venv.python if self.venv else self.python
