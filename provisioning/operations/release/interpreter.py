"""Python for hosts that have none, ahead of the plan: which wheels fit is asked of it."""

import shlex
from collections.abc import Callable, Iterable

from ...engine.fleet import Fleet
from ...engine.observe import run_fragments
from ...engine.progress import Event, Progress
from ...transport.base import Transport
from ..planning import Plans
from .errors import ReleaseError

_PACKAGES = "packages:"
_STATE_FOLDER = '[ -d "$STATE" ] || mkdir -p -m 0700 "$STATE"'
"""As the first change of a host makes it."""


def install_interpreters(
    names: Iterable[str], python: str, plans: Plans, fleet: Fleet, progress: Progress
) -> None:
    """Apply what these hosts' plans say of packages, where ``python`` is not there yet.

    The plans apply it again in its turn, which then changes nothing. Raises ``ReleaseError``.
    """

    def tell(name: str) -> Callable[[str], None]:
        return lambda text: progress(Event("step", name, text))

    def install(name: str, transport: Transport) -> None:
        steps = [step for step in plans.hosts[name].steps if step.id.startswith(_PACKAGES)]
        looked = {"python": f"[ -x {shlex.quote(python)} ]"}
        if not steps or run_fragments(name, transport, looked)["python"].status == 0:
            return
        for step in steps:
            progress(Event("step", name, f"{step.change.summary}, as there is no {python} yet"))
            fragment = f"{_STATE_FOLDER}\n{step.change.apply}"
            asked = {"packages": fragment}
            done = run_fragments(name, transport, asked, told=tell(name))["packages"]
            if done.status != 0:
                raise ReleaseError(f"{name}: {step.change.summary}: {done.stderr.strip()}")

    fleet.each(list(names), install)
