"""A resource that writes down what is done to it: state is one file with one line."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from provisioning.resources.base import Change, Handler, Observation


@dataclass(frozen=True, slots=True)
class Mark:
    """Holds ``value`` in ``path``; every fragment adds its name to ``log``."""

    path: Path
    value: str
    log: Path
    triggers: tuple[Handler, ...] = ()
    fails: bool = False
    supersedes: frozenset[str] = frozenset()
    before_apply: str = ":"

    @property
    def id(self) -> str:
        return f"mark:{self.path.name}"

    def _say(self, word: str) -> str:
        return f"echo {word}:{self.path.name} >> {shlex.quote(str(self.log))}"

    def observe(self) -> str:
        return f"cat {shlex.quote(str(self.path))} 2>/dev/null || :"

    def compare(self, observation: Observation) -> Change | None:
        present = observation.stdout.strip()
        if present == self.value:
            return None
        path = shlex.quote(str(self.path))
        undo = f"echo {present} > {path}" if present else f"rm -f {path}"
        apply = f"{self.before_apply}\n{self._say('apply')}\necho {self.value} > {path}"
        if self.fails:
            apply += "\necho the disk is on fire >&2; exit 7"
        return Change(
            f"{present} -> {self.value}",
            apply,
            f"{self._say('undo')}\n{undo}",
            present,
            self.value,
            self.supersedes,
        )

    def remove(self) -> str:
        return f"{self._say('remove')}\nrm -f {shlex.quote(str(self.path))}"
