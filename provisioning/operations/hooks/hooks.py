"""Ask before a step, and tell after it (``hooks`` in the inventory)."""

import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...engine.progress import Event, Progress, silent
from ...model.hooks import Hooks as HookCommands
from ...model.hooks import Moment, Step
from ..errors import OperationError
from ..notifying.program import Ended, HookError, run_program

_MOMENTS: tuple[Moment, ...] = ("before", "after")


class StoppedByHookError(OperationError):
    """A hook said no, or could not be asked; the message has its words."""


@dataclass(slots=True)
class Outcome:
    """The outcome of a step, set by the step itself."""

    ok: bool = False


def _nothing(*_: object, **__: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """The hooks of a run. May be used by several threads."""

    commands: HookCommands = field(default_factory=HookCommands)
    folder: Path = field(default_factory=Path)
    """The folder that they are run in."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Fields that every object begins with."""
    skipped: str = ""
    """The reason not to run any; empty where they are run."""
    record: Callable[..., None] = _nothing
    """Write a line of the journal."""
    complain: Callable[[str], None] = _nothing
    """Tell the operator of one that failed after its step."""
    failures: list[str] = field(default_factory=list)
    """Those that failed after their step."""

    def before(
        self, step: Step, host: str = "", *, progress: Progress = silent, **facts: Any
    ) -> None:
        """Ask before a step. Raises ``StoppedByHookError``."""
        try:
            ended = self._run("before", step, host, facts, progress)
        except HookError as error:
            problem = str(error)
        else:
            if ended is None or not ended.status:
                return
            name = program(self.commands.command("before", step) or "")
            problem = f"{name} said no (status {ended.status}): {ended.said or 'without a word'}"
        title = ": ".join(filter(None, [host, f"before {step}"]))
        raise StoppedByHookError(f"{title}: {problem}. --skip-hooks REASON goes on without hooks")

    def after(
        self,
        step: Step,
        host: str = "",
        *,
        ok: bool = True,
        text: str = "",
        progress: Progress = silent,
        **facts: Any,
    ) -> None:
        """Tell after a step; what goes wrong is told to the operator."""
        facts = {"ok": ok, "text": text, **facts}
        try:
            ended = self._run("after", step, host, facts, progress)
        except HookError as error:
            problem = str(error)
        else:
            if ended is None or not ended.status:
                return
            name = program(self.commands.command("after", step) or "")
            problem = f"{name} ended with status {ended.status}: {ended.said or 'without a word'}"
        failure = ": ".join(filter(None, [host, f"after {step}", problem]))
        self.failures.append(failure)
        self.complain(failure)

    @contextmanager
    def around(
        self, step: Step, host: str = "", *, progress: Progress = silent, **facts: Any
    ) -> Iterator[Outcome]:
        """Ask before the block, which sets its outcome, and tell after it."""
        self.before(step, host, progress=progress, **facts)
        outcome = Outcome()
        try:
            yield outcome
        except BaseException as error:
            text = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
            self.after(step, host, ok=False, text=text, progress=progress, **facts)
            raise
        self.after(step, host, ok=outcome.ok, progress=progress, **facts)

    def foreseen(self, steps: Iterable[Step]) -> tuple[str, ...]:
        """Lines for a plan: the hooks of steps, or why none is run."""
        lines = foreseen(self.commands, steps)
        if lines and self.skipped:
            return (f"hooks are skipped: {self.skipped}",)
        return lines

    def _run(
        self, moment: Moment, step: Step, host: str, facts: Mapping[str, Any], progress: Progress
    ) -> Ended | None:
        command = self.commands.command(moment, step)
        if not command or self.skipped:
            return None
        progress(Event("step", host, f"{moment} {step}: {program(command)}"))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        names = {"host": host} if host else {}
        told = {**self.context, "time": now, "event": moment, "step": step, **names, **facts}
        entry = {"moment": moment, "step": step, "host": host, "program": program(command)}
        began = time.monotonic()
        try:
            ended = run_program(
                shlex.split(command), told, timeout=self.commands.timeout, folder=self.folder
            )
        except HookError as error:
            self.record("hook", **entry, status=None, said=str(error))
            raise
        seconds = round(time.monotonic() - began, 1)
        self.record("hook", **entry, status=ended.status, said=ended.said, seconds=seconds)
        return ended


def program(command: str) -> str:
    """The program of a command, with a sign for arguments: these may be secrets."""
    first, *others = shlex.split(command)
    return f"{first} …" if others else first


def foreseen(commands: HookCommands, steps: Iterable[Step]) -> tuple[str, ...]:
    """Lines for a plan: the hooks of steps. Pure."""
    return tuple(
        f"{moment} {step}: {program(command)}"
        for step in steps
        for moment in _MOMENTS
        if (command := commands.command(moment, step))
    )
