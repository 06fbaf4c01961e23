"""Mending: the safe commands of findings, run on their hosts."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...transport.base import Transport
from ..operation import Operation
from .examination import Examination
from .finding import Finding

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Mended:
    """One command on one host."""

    host: str
    command: tuple[str, ...]
    ok: bool
    said: str
    """Its last line where it failed."""


def mendable(examination: Examination) -> list[Finding]:
    """Findings that have a safe command, each command on a host once."""
    found = {(one.host, one.mend): one for one in examination.findings if one.mend and one.host}
    return list(found.values())


def mend(op: Operation, findings: Iterable[Finding]) -> list[Mended]:
    """Run their commands, and write down what became of them. Never raises for what happens on
    hosts."""
    commands: dict[str, list[tuple[str, ...]]] = {}
    for one in findings:
        commands.setdefault(one.host, []).append(one.mend)
    op.fleet.connect(commands)

    def work(name: str, transport: Transport) -> list[Mended]:
        op.progress(Event("step", name, "mend"))
        fragments = {f"mend.{n}": shlex.join(words) for n, words in enumerate(commands[name])}
        found = run_fragments(name, transport, fragments, timeout=_TIMEOUT)
        results = []
        for (key, _), words in zip(fragments.items(), commands[name], strict=True):
            lines = (found[key].stderr.strip() or found[key].stdout.strip()).splitlines()
            bad = found[key].status != 0
            said = (lines[-1] if lines else f"status {found[key].status}") if bad else ""
            results.append(Mended(name, words, not bad, said))
        return results

    done = op.fleet.each(commands, work)
    mended = []
    for name, words in commands.items():
        lost = str(op.fleet.errors.get(name, "the connection was lost"))
        mended += done.get(name) or [Mended(name, one, False, lost) for one in words]
    for result in mended:
        command = shlex.join(result.command)
        op.run.journal.write(
            "mend", host=result.host, command=command, ok=result.ok, said=result.said
        )
    return mended
