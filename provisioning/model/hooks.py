"""Programs of the control machine that are asked before a step, and told after it."""

from typing import Literal, get_args

from .base import Part, Seconds
from .local_command import LocalCommand

Moment = Literal["before", "after"]
Step = Literal["deploy", "drain", "upgrade", "switchover"]
STEPS: tuple[Step, ...] = get_args(Step)


class StepHooks(Part):
    """A program for each step; without one nobody is asked."""

    deploy: LocalCommand | None = None
    """Once for a ``cluster deploy`` that changes anything."""
    drain: LocalCommand | None = None
    """For each real server that any command takes out of service."""
    upgrade: LocalCommand | None = None
    """For each host that a rolling upgrade changes."""
    switchover: LocalCommand | None = None
    """For each virtual IP that is moved on purpose."""


class Hooks(Part):
    """Programs of the control machine around steps that change the cluster. Each is run in the
    inventory's folder and gets one JSON object on standard input."""

    before: StepHooks = StepHooks()
    """Asked before the step: any exit status but 0 stops it."""
    after: StepHooks = StepHooks()
    """Told after the step, however it ended; what goes wrong here undoes nothing."""
    timeout: Seconds = 60.0
    """Seconds that each may take; one that takes longer is ended and has failed."""

    def command(self, moment: Moment, step: Step) -> LocalCommand | None:
        """The program for a step, if there is one."""
        commands = self.before if moment == "before" else self.after
        found: LocalCommand | None = getattr(commands, step)
        return found
