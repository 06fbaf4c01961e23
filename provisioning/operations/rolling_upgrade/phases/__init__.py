"""Phases of each role, in order."""

from provisioning.operations.rolling_upgrade.phases.change import CHANGE
from provisioning.operations.rolling_upgrade.phases.drain import DRAIN
from provisioning.operations.rolling_upgrade.phases.hand_over import HAND_OVER
from provisioning.operations.rolling_upgrade.phases.phase import Phase
from provisioning.operations.rolling_upgrade.phases.restore import RESTORE
from provisioning.operations.rolling_upgrade.phases.settle import SETTLE
from provisioning.operations.rolling_upgrade.phases.smoke_test import SMOKE_TEST
from provisioning.operations.rolling_upgrade.phases.soak import SOAK
from provisioning.operations.rolling_upgrade.phases.stage import STAGE
from provisioning.operations.rolling_upgrade.phases.start import START
from provisioning.operations.rolling_upgrade.phases.stop import STOP
from provisioning.operations.rolling_upgrade.phases.switch import SWITCH
from provisioning.operations.rolling_upgrade.phases.warm import WARM
from provisioning.operations.rolling_upgrade.state import Role

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
