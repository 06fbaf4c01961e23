"""Frame of every command that changes a cluster."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click
from rich.console import Console

from ..engine.progress import silent
from ..operations.cluster.cluster import Cluster
from ..operations.hooks.hooks import Hooks
from ..operations.operation import Operation
from ..operations.run.run import Run, journaled_run
from .dialogue import ConsoleDialogue
from .lock_wait import waiting
from .skip_hooks import skip_reason
from .views.json_output import print_json
from .working import open_working_fleet, take_note


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
    own_result: bool = False,
) -> Iterator[Operation]:
    """Open a run for the time of the block: locked, journaled, connected to the cluster's hosts.

    With ``live`` progress is shown from the first connection on: for what asks nothing. With
    ``as_json`` standard output is kept for the result: ``{"run": id, "ok": bool, …}`` with what the
    operation reported (``ConsoleDialogue.result``), and ``"hook_failures"``, where a hook failed
    after its step. A command with ``own_result`` prints one of its own instead.
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
        hooks = _hooks(cluster, run)
        yield Operation(cluster, run, fleet, dialogue, progress, hooks)
    if as_json and not own_result:
        failures = {"hook_failures": hooks.failures} if hooks.failures else {}
        print_json({"run": run.id, "ok": run.ok, **dialogue.result, **failures})


def _hooks(cluster: Cluster, run: Run) -> Hooks:
    """The inventory's hooks, for this command; why they are skipped is in its journal."""
    reason = skip_reason()
    if reason:
        run.journal.write("hooks_skipped", reason=reason)
    context = click.get_current_context(silent=True)
    return Hooks(
        commands=cluster.inventory.hooks,
        folder=cluster.base_dir,
        context={
            "cluster": cluster.inventory.name,
            "operation": (context and context.info_name) or "",
            "run": run.id,
            "who": run.holder,
        },
        skipped=reason,
        record=run.journal.write,
        complain=take_note,
    )
