"""A service that does its work, as a program of the host tells; a restart mends it."""

import shlex
from dataclasses import dataclass

from provisioning.model.hosts import ServiceManager
from provisioning.resources.base import Change, Handler, Observation
from provisioning.resources.output import printed
from provisioning.resources.service import restart
from provisioning.resources.shell_call import quote_call
from provisioning.resources.validation import require_path, require_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """``program check`` prints what is wrong with a service, a line each, and nothing where it is
    well or does not run; ``program end`` kills it where a service manager could not end it.

    A host on which the program has yet to be put has nothing to say. Nothing is undone: there is
    no way back to a broken service.
    """

    name: str
    manager: ServiceManager
    program: str
    triggers: tuple[Handler, ...] = ()

    def __post_init__(self) -> None:
        require_unit(self.name)
        require_path(self.program)

    @property
    def id(self) -> str:
        return f"soundness:{self.name}"

    def observe(self) -> str:
        return f"if {quote_call('test', '-x', self.program)}; then {self._asked('check')}; fi"

    def compare(self, observation: Observation) -> Change | None:
        wrong = printed(observation).split("\n")
        said = "; ".join(line for line in wrong if line)
        if not said:
            return None
        return Change(f"restart {self.name}: {said}", apply=self._apply(), undo="")

    def _asked(self, word: str) -> str:
        return shlex.join([self.program, word])

    def _apply(self) -> str:
        check, end = self._asked("check"), self._asked("end")
        # It may have been mended since it was looked at. What it does at once after its start it
        # is given time for.
        return "\n".join(
            [
                f"WRONG=$({check})",
                '[ -n "$WRONG" ] || exit 0',
                end,
                restart(self.name, self.manager).command,
                "TRIES=0",
                f'while WRONG=$({check}); [ -n "$WRONG" ]; do',
                "    TRIES=$((TRIES + 1))",
                f'    [ "$TRIES" -lt 20 ] || fail "{self.name} was restarted, but: $WRONG"',
                "    sleep 0.5",
                "done",
            ]
        )

    def remove(self) -> str:
        return ":"
