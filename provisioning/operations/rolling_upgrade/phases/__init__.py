"""Phases of each role, in order."""

from ..state import Role
from .change import CHANGE
from .drain import DRAIN
from .hand_over import HAND_OVER
from .phase import Phase
from .restore import RESTORE
from .settle import SETTLE
from .smoke_test import SMOKE_TEST
from .soak import SOAK
from .stage import STAGE
from .start import START
from .stop import STOP
from .switch import SWITCH
from .warm import WARM

PHASES: dict[Role, tuple[Phase, ...]] = {
    "real_server": (STAGE, DRAIN, STOP, SWITCH, START, WARM, SMOKE_TEST, RESTORE, SOAK),
    "director": (HAND_OVER, CHANGE, SETTLE),
}

SEQUENCES: dict[Role, tuple[str, ...]] = {
    role: tuple(phase.name for phase in phases) for role, phases in PHASES.items()
}


def phase_named(role: Role, name: str) -> Phase:
    """Find a phase by its name, which must be one of the role's."""
    return next(phase for phase in PHASES[role] if phase.name == name)
