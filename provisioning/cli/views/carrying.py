"""Files on their way to hosts and from them, and how that ended."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from ...operations.carrying.pull import Pulled
from ...operations.carrying.push import Pushed
from ...operations.executing.batches import Outcomes
from .folding import alike, folds, title
from .plan import of_hosts
from .terminal_text import shown


@contextmanager
def bytes_shown(word: str, every: int | None, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """On a terminal, the bytes that have gone or come, of ``every`` where that is known."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda number: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(word, total=every)
        yield lambda number: progress.advance(task, number)


def show_pushed(found: Outcomes[Pushed]) -> None:
    """The end of each file, with hosts of which the same is to be said together."""
    said = {
        name: tuple(f"{shown(place)}: {how}" for place, how in pushed.files.items())
        for name, pushed in found.done.items()
    }
    _show(said, {name: one.problem for name, one in found.done.items()}, found)


def show_pulled(found: Outcomes[Pulled]) -> None:
    """The amount that came from each host."""
    _show(
        {name: tuple(_lines(pulled)) for name, pulled in found.done.items()},
        {name: one.problem for name, one in found.done.items()},
        found,
    )


def _lines(pulled: Pulled) -> Iterator[str]:
    if pulled.files or not pulled.problem:
        yield f"{len(pulled.files)} files, {pulled.bytes} bytes"
    if pulled.left_out:
        first = shown(pulled.left_out[0])
        yield f"left out, as no file or folder: {len(pulled.left_out)}, the first {first}"
    if pulled.note:
        yield shown(pulled.note)


def _show(
    said: Mapping[str, tuple[str, ...]],
    problems: Mapping[str, str],
    found: Outcomes[Pushed] | Outcomes[Pulled],
) -> None:
    out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)
    fold = folds(len(said) + len(found.errors) + len(found.skipped))
    for names in alike(said, fold=fold):
        for line in said[names[0]]:
            out.print(Text.assemble((f"{title(names)}: ", "cyan"), line))
    bad = {name: shown(problem) for name, problem in problems.items() if problem}
    for reasons in (bad, found.errors, found.skipped):
        for reason in of_hosts(reasons, "", fold=fold):
            err.print(reason)


def pushed_record(found: Outcomes[Pushed]) -> dict[str, object]:
    """``{host: {"files": {place: "changed" | "unchanged" | "would change"}}}``, with ``"error"``
    where something failed, ``{"skipped": reason}`` where nothing was begun."""
    record = {
        name: {"files": dict(one.files), **({"error": one.problem} if one.problem else {})}
        for name, one in found.done.items()
    }
    return record | _reasons(found)


def pulled_record(found: Outcomes[Pulled]) -> dict[str, object]:
    """``{host: {"files": {path: SHA-256}, "bytes": int, "left_out": [path], "note": str}}``, with
    ``"error"`` where something failed, ``{"skipped": reason}`` where nothing was begun."""
    record = {
        name: {
            # Names may hold bytes that are no text.
            "files": {_text(path): digest for path, digest in one.files.items()},
            "bytes": one.bytes,
            "left_out": [_text(path) for path in one.left_out],
            "note": one.note,
            **({"error": one.problem} if one.problem else {}),
        }
        for name, one in found.done.items()
    }
    return record | _reasons(found)


def _text(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()


def _reasons(found: Outcomes[Pushed] | Outcomes[Pulled]) -> dict[str, object]:
    errors: dict[str, object] = {n: {"error": reason} for n, reason in found.errors.items()}
    return errors | {name: {"skipped": reason} for name, reason in found.skipped.items()}
