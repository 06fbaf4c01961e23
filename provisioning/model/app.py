"""The app on the real servers."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from provisioning.model.base import Name, Part
from provisioning.model.hosts import Variable


class App(Part):
    """What is run, from where, as whom."""

    source: str = "builtin"
    """``builtin`` (the app that comes with this program), a local folder that holds a Python
    package ``app``, or a git URL."""
    ref: str | None = None
    """Tag, branch or commit of a git source."""
    directory: PurePosixPath = PurePosixPath("/opt/cosyvoice")
    """Releases are unpacked below it; ``current`` points to the one that runs."""
    python: PurePosixPath = PurePosixPath("/opt/cosyvoice/venv/bin/python")
    """Interpreter of an environment with the app's requirements (a venv or conda's)."""
    user: Name = "cosyvoice"
    """Account the app runs as; made if it is not there."""
    engine: str | None = None
    """Engine name; absent is the app's default."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Worker processes per node (GPU slots); per-host ``workers`` goes over it."""
    queue_size: Annotated[int, Field(ge=1)] = 32
    job_timeout: Annotated[int, Field(ge=1)] = 60
    """Seconds after which a job is stopped."""
    enable_queue: bool = True
    arguments: list[str] = []
    """Further command-line arguments."""
    environment: dict[str, Variable] = {}
    keep_releases: Annotated[int, Field(ge=1)] = 3
    stop_timeout: Annotated[int, Field(ge=1)] = 90
    """Seconds the app may take to finish its work when stopped."""
