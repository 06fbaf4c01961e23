"""Frame of every command that changes a cluster."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from provisioning.cli.dialogue import ConsoleDialogue
from provisioning.cli.json_view import print_json
from provisioning.cli.working import open_working_fleet
from provisioning.engine.progress import silent
from provisioning.operations.operation import Operation
from provisioning.operations.run import journaled_run
from provisioning.operations.session import Site


@contextmanager
def changing(
    site: Site,
    *,
    everywhere: Site | None = None,
    accept_new_host_keys: bool = False,
    forks: int | None = None,
    shared: bool = False,
    yes: bool = False,
    as_json: bool = False,
    live: bool = False,
    before: Callable[[Site], None] = lambda site: None,
) -> Iterator[Operation]:
    """Open a run for the time of the block: locked, journaled, connected to the hosts of the site
    (of ``everywhere``, where that has more of them).

    With ``live`` progress is shown from the first connection on: for what asks nothing. With
    ``as_json`` standard output is kept for the result: ``{"run": id, "ok": bool, …}`` with what the
    operation reported (``ConsoleDialogue.result``), where it did. ``before`` is called under the
    lock, before the first connection: for refusals that need no host.
    """
    with ExitStack() as stack:
        run = stack.enter_context(journaled_run(site, ["cluster", *sys.argv[1:]]))
        before(site)
        dialogue = ConsoleDialogue(Console(stderr=as_json), run, yes=yes, quiet=as_json)
        progress = stack.enter_context(dialogue.progress()) if live else silent
        fleet = stack.enter_context(
            open_working_fleet(
                everywhere or site,
                run,
                forks=forks,
                accept_new_host_keys=accept_new_host_keys,
                progress=progress,
                shared=shared,
            )
        )
        yield Operation(site, run, fleet, dialogue, progress)
    if as_json and dialogue.result:
        print_json({"run": run.id, "ok": run.ok, **dialogue.result})
