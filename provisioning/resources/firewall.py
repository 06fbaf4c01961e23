"""Rules of nftables, loaded now. That they come back after a reboot is a service."""

import shlex
from dataclasses import dataclass
from hashlib import sha256

from .base import Change, Handler, Observation, UnobservableError
from .output import printed
from .shell_call import quote_call
from .validation import require_path


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRules:
    """The rules of a file are loaded by ``program``, and were confirmed.

    They are loaded on trial, and confirmed over a connection of its own. A host whose operator
    could not come in any more goes back by itself, ``patience`` seconds after the end of the run.
    Rules that were changed by hand are loaded again.
    """

    path: str
    """File with the rules, which was put there before."""
    content: str
    """Its text, as far as it matters."""
    program: str
    table: str
    """Of the family ``inet``."""
    folders: tuple[str, ...]
    """Memory of the program."""
    patience: int = 60
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        for path in (self.path, self.program, *self.folders):
            require_path(path)

    @property
    def id(self) -> str:
        return f"firewall:{self.table}"

    @property
    def mark(self) -> str:
        """Name of the rules, by their text."""
        return sha256(self.content.encode()).hexdigest()[:16]

    def observe(self) -> str:
        program = shlex.quote(self.program)
        return f"if [ -x {program} ]; then exec {program} show; fi\necho absent none confirmed none"

    def compare(self, observation: Observation) -> Change | None:
        words = printed(observation).split()
        if len(words) != 4:
            raise UnobservableError(f"{self.program} says {' '.join(words)!r}; deploy again")
        found, loaded, trial, boot = words
        if found == "absent":
            said = "load: there is no such table"
        elif found == "changed":
            said = "load again: the table was changed by hand"
        elif loaded != self.mark:
            said = "load the new rules"
        elif trial == "trial":
            said = "confirm: the rules are on trial"
        elif boot != self.mark:
            said = "load again: the next boot would have others"
        else:
            return None
        return Change(
            said,
            apply=self._apply(),
            undo=quote_call("back_from_trial", self.program, self.mark),
            confirm=shlex.join([self.program, "confirm", self.mark]),
            unconfirmed=f"the host goes back to its former rules within {self.patience} s; correct "
            "firewall.ssh_from, or ssh.port, and deploy again",
        )

    def _apply(self) -> str:
        # $$ is the whole run's.
        begin = shlex.join([self.program, "try", self.mark, str(self.patience)])
        return f'{begin} "$$" {shlex.quote(self.path)}'

    def remove(self) -> str:
        return quote_call("end_firewall", self.table, *self.folders)
