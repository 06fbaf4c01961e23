"""Answers of hosts to a command, as they come or those with the same answer together."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click
from rich.console import Console
from rich.text import Text

from ...operations.executing.batches import Outcomes
from ...operations.executing.execution import Answer, Stream
from .colour import colour
from .folding import alike, title
from .plan import of_hosts


class StreamedLines:
    """Prints each line behind its host's name, as it comes; whole lines, whichever thread has
    them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def line(self, host: str, stream: Stream, text: str) -> None:
        """A line of a host."""
        err = stream == "stderr"
        name = click.style(f"{host}: ", fg="yellow" if err else "cyan")
        with self._lock:
            click.echo(f"{name}{text}", err=err, color=colour())

    def end(self, host: str, answer: Answer) -> None:
        """The end of a host, where it is not a good one."""
        if answer.status:
            with self._lock:
                click.secho(f"{host}: status {answer.status}", fg="red", err=True, color=colour())


@contextmanager
def counted(every: int, *, quiet: bool) -> Iterator[Callable[[str, Answer], None]]:
    """On a terminal, how many hosts have ended, for the time of the block."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda host, answer: None
        return
    ended: list[int] = []
    with console.status(f"0 of {every} hosts have ended") as status:

        def take(_: str, answer: Answer) -> None:
            ended.append(answer.status)
            bad = sum(one != 0 for one in ended)
            status.update(f"{len(ended)} of {every} hosts have ended, {bad} of them not well")

        yield take


def show_folded(found: Outcomes[Answer]) -> None:
    """Each answer once, behind the names of those that gave it."""
    out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    groups = alike(found.done, fold=True)
    err.print(Text(f"{counts(found)}; {len(groups)} different answers", "bold"))
    for names in groups:
        name, answer = title(names), found.done[names[0]]
        for line in answer.stdout.decode("utf-8", "replace").splitlines():
            out.print(Text.assemble((f"{name}: ", "cyan"), line))
        for line in answer.stderr.decode("utf-8", "replace").splitlines():
            err.print(Text.assemble((f"{name}: ", "yellow"), line))
        if answer.status:
            err.print(Text(f"{name}: status {answer.status}", "red"))
        elif not (answer.stdout or answer.stderr):
            err.print(Text(f"{name}: no output", "dim"))


def show_errors(found: Outcomes[Answer], *, fold: bool) -> None:
    """Hosts that gave no answer."""
    err = Console(stderr=True, soft_wrap=True)
    for reasons in (found.errors, found.skipped):
        for reason in of_hosts(reasons, "", fold=fold):
            err.print(reason)


def counts(found: Outcomes[Answer]) -> str:
    """The number of hosts, and how they went."""
    every = len(found.done) + len(found.errors) + len(found.skipped)
    bad = sum(answer.status != 0 for answer in found.done.values())
    parts = [f"{every} hosts: {len(found.done) - bad} well, {bad} not"]
    parts += [f"{len(found.errors)} not reached"] if found.errors else []
    parts += [f"{len(found.skipped)} not begun"] if found.skipped else []
    return ", ".join(parts)


def execution_record(found: Outcomes[Answer]) -> dict[str, object]:
    """``{host: {"status": int, "stdout": str, "stderr": str}}``; of one that was not reached
    ``{"error": reason}``, of one that was not begun ``{"skipped": reason}``."""
    record: dict[str, object] = {
        name: {
            "status": answer.status,
            "stdout": answer.stdout.decode("utf-8", "replace"),
            "stderr": answer.stderr.decode("utf-8", "replace"),
        }
        for name, answer in found.done.items()
    }
    return record | _reasons("error", found.errors) | _reasons("skipped", found.skipped)


def _reasons(key: str, reasons: Mapping[str, str]) -> dict[str, object]:
    return {name: {key: reason} for name, reason in reasons.items()}
