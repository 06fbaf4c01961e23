"""Runs that changed a cluster, as the cluster itself remembers them. Pure.

Their steps, with what hosts said, stay in the journal of the folder that they were run from.
"""

from collections.abc import Iterable
from dataclasses import dataclass

KEPT_RUNS = 50


@dataclass(frozen=True, slots=True)
class PastRun:
    """One of them."""

    id: str
    who: str
    """The operator, as ``user@machine``."""
    command: str
    time: str
    """Time of its start: ISO 8601, UTC."""
    result: str = "cut"
    """As ``engine/journal.py`` has it; until a run ends it may still be cut."""
    reason: str = ""
    changed: int = 0
    """Hosts that it changed."""


def with_run(runs: Iterable[PastRun], run: PastRun) -> tuple[PastRun, ...]:
    """The history with this run, as it is now."""
    return joined_history([one for one in runs if one.id != run.id], [run])


def joined_history(one: Iterable[PastRun], two: Iterable[PastRun]) -> tuple[PastRun, ...]:
    """Both, each run once, the oldest first; the last ``KEPT_RUNS`` of them. A run that one side
    knows to have ended has ended."""
    known: dict[str, PastRun] = {}
    for run in sorted([*one, *two], key=_knowledge):
        known[run.id] = run
    return tuple(known[id] for id in sorted(known)[-KEPT_RUNS:])


def _knowledge(run: PastRun) -> tuple[bool, str]:
    return run.result != "cut", str(run)


_SECRET_OPTIONS = ("--webhook", "--notify-command")
"""Options that are written with a token now and then."""


def shown_command(words: Iterable[str]) -> str:
    """A command as it may be shown to other operators."""
    shown: list[str] = []
    for word in words:
        option = word.partition("=")[0]
        if shown and shown[-1] in _SECRET_OPTIONS:
            shown.append("…")
        elif "=" in word and option in _SECRET_OPTIONS:
            shown.append(f"{option}=…")
        else:
            shown.append(word)
    return " ".join(shown)
