"""Connections of commands that change something, and what these took over, for people."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from ..engine.fleet import Fleet
from ..engine.progress import Progress, silent
from ..operations.cluster.cluster import Cluster
from ..operations.run.run import Run
from ..operations.run.working_fleet import working_fleet


@contextmanager
def open_working_fleet(
    cluster: Cluster,
    run: Run,
    *,
    forks: int | None = None,
    accept_new_host_keys: bool = False,
    progress: Progress = silent,
    shared: bool = False,
) -> Iterator[Fleet]:
    """As ``working_fleet``; what it says goes to standard error."""
    with working_fleet(
        cluster,
        run,
        take_note,
        forks=forks,
        accept_new_host_keys=accept_new_host_keys,
        progress=progress,
        shared=shared,
    ) as fleet:
        yield fleet


def take_note(text: str) -> None:
    """Something the operator may not have known."""
    Console(stderr=True, soft_wrap=True).print(Text(text, "yellow"))
