"""Shows how artifacts are fetched."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from ..operations.artifacts.fetching import Watch, fetch, silent, unknown
from ..operations.cluster.cluster import Cluster


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """A bar for each artifact on standard error, for the time of the block; none where that is no
    terminal."""
    console = Console(file=sys.stderr)
    if quiet or not console.is_terminal:
        yield silent
        return
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console) as progress:

        def watch(artifact: str, file: str, there: int, total: int) -> None:
            if artifact not in bars:
                bars[artifact] = progress.add_task(artifact)
            text = f"{artifact}: {file}"
            progress.update(bars[artifact], description=text, completed=there, total=total)

        yield watch


def fetch_unknown(cluster: Cluster, *, quiet: bool) -> None:
    """Fetch the artifacts of which it is not known yet which bytes they are."""
    if names := unknown(cluster):
        with watching(quiet=quiet) as watch:
            fetch(cluster, names, watch)
