"""Frame of every command that changes a cluster."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from ..engine.progress import silent
from ..operations.cluster.cluster import Cluster
from ..operations.operation import Operation
from ..operations.run.run import journaled_run
from .dialogue import ConsoleDialogue
from .lock_wait import waiting
from .views.json_output import print_json
from .working import open_working_fleet


@contextmanager
def changing(
    cluster: Cluster,
    *,
    accept_new_host_keys: bool = False,
    forks: int | None = None,
    shared: bool = False,
    yes: bool = False,
    as_json: bool = False,
    live: bool = False,
) -> Iterator[Operation]:
    """Open a run for the time of the block: locked, journaled, connected to the cluster's hosts.

    With ``live`` progress is shown from the first connection on: for what asks nothing. With
    ``as_json`` standard output is kept for the result: ``{"run": id, "ok": bool, …}`` with what the
    operation reported (``ConsoleDialogue.result``), where it did.
    """
    with ExitStack() as stack:
        run = stack.enter_context(journaled_run(cluster, ["cluster", *sys.argv[1:]], waiting()))
        dialogue = ConsoleDialogue(Console(stderr=as_json), run, yes=yes, quiet=as_json)
        progress = stack.enter_context(dialogue.progress()) if live else silent
        fleet = stack.enter_context(
            open_working_fleet(
                cluster,
                run,
                forks=forks,
                accept_new_host_keys=accept_new_host_keys,
                progress=progress,
                shared=shared,
            )
        )
        yield Operation(cluster, run, fleet, dialogue, progress)
    if as_json and dialogue.result:
        print_json({"run": run.id, "ok": run.ok, **dialogue.result})
