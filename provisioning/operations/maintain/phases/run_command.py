"""Run the command, and wait for one that was cut."""

import codecs
from collections.abc import Iterator

from ...rolling.errors import ActionError, PhaseError
from ..host_command import CommandSeen, folder_of
from ..ports import CommandRefusedError, HostIdentityError
from ..state import Ran
from .phase import Context, Phase, Turn, UnknownEndError

_LOOK_EVERY = 1.0
_LAST_LINES = 3
_MAX_KEPT = 1024 * 1024
"""Bytes of output that are shown and kept in the history; the host keeps all."""


def _applies(turn: Turn) -> bool:
    return bool(turn.work.commands)


def _describe(turn: Turn) -> str:
    work = turn.work
    parts = [work.run] if work.run else []
    parts += [f"the script {work.script_name}"] if work.script else []
    return f"as root: {', then '.join(parts)}; {turn.options.run_timeout:g} s at most"


def _run(context: Context) -> None:
    seen, last = _follow(context, begins=True)
    where = f"all it said is in {folder_of(context.key)}/output there"
    if seen.state == "cut":
        raise PhaseError(f"its command was cut: the host lost it in the middle; {where}")
    if seen.status:
        said = f": {' / '.join(last)}" if last else ""
        raise PhaseError(f"its command ended with status {seen.status}{said} ({where})")


def _run_end(context: Context) -> None:
    seen, _ = _follow(context, begins=False)
    if seen.state == "ended" and not seen.status and context.state.ran is Ran.NO:
        context.report("note", "its command had ended well")


def _run_end_applies(turn: Turn) -> bool:
    unknown = turn.host.ran is Ran.NO and turn.host.at == "run"
    return bool(turn.work.commands) and unknown


def _follow(context: Context, *, begins: bool) -> tuple[CommandSeen, list[str]]:
    """Show the output until the end, after a begin where there was none; return the last look, and
    the last lines. Raises ``UnknownEndError``."""
    end = context.clock.now() + context.options.run_timeout
    lines = _Lines(context)
    while True:
        problem, seen = "", None
        try:
            seen = context.cluster.command(context.host, context.key, lines.offset)
            if begins and seen.state == "absent":
                context.cluster.begin_command(context.host, context.key)
                continue
        except HostIdentityError as error:
            raise UnknownEndError(str(error)) from None
        except CommandRefusedError as error:
            raise PhaseError(str(error)) from None
        except ActionError as error:
            # The command does not mind, and the connection may come back.
            problem = str(error)
            context.report("waiting", f"no connection: {problem}")
        if seen is not None:
            lines.take(seen.output)
            if seen.state != "running" and not seen.output:
                return seen, lines.end()
        if context.clock.now() >= end:
            raise UnknownEndError(
                problem
                or f"its command has not ended within {context.options.run_timeout:g} s, and goes "
                f"on there ({folder_of(context.key)}); --resume looks at it again"
            )
        if seen is None or not seen.output:
            context.clock.sleep(_LOOK_EVERY)


class _Lines:
    """Output of a command, line by line, whatever its bytes are."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._last: list[str] = []
        self.offset = 0

    def take(self, data: bytes) -> None:
        self._add(self._decoder.decode(data))
        self.offset += len(data)

    def end(self) -> list[str]:
        self._add(self._decoder.decode(b"", final=True) + ("\n" if self._rest else ""))
        return self._last

    def _add(self, text: str) -> None:
        *whole, self._rest = (self._rest + text).split("\n")
        shown = list(_without_progress(whole))
        if not shown:
            return
        self._last = [*self._last, *(line for line in shown if line.strip())][-_LAST_LINES:]
        if self.offset > _MAX_KEPT:
            return
        self._context.record_output(self._context.host, "\n".join(shown))
        for line in shown:
            self._context.report("output", line)


def _without_progress(lines: list[str]) -> Iterator[str]:
    """Lines as a terminal leaves them: of one that is drawn over and over its last form."""
    for line in lines:
        yield line.rstrip("\r").rpartition("\r")[2].expandtabs()


RUN = Phase("run", "running the command", _describe, _run, _applies)
RUN_END = Phase(
    "run_end",
    "waiting for its command",
    lambda _: "wait for its command, if that goes on",
    _run_end,
    _run_end_applies,
)
