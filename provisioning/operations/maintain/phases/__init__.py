"""Phases of a host in order; each says which hosts it applies to."""

from ...rolling_upgrade.phases.drain import DRAIN
from ...rolling_upgrade.phases.restore import RESTORE
from ...rolling_upgrade.phases.smoke_test import SMOKE_TEST
from ...rolling_upgrade.phases.start import START
from ...rolling_upgrade.phases.stop import STOP
from ...rolling_upgrade.phases.warm import WARM
from .check import CHECK
from .hand_over import HAND_OVER
from .phase import Phase, from_upgrade
from .prove import GPUS, PROVE, SETTLE
from .reboot import COME_BACK, REBOOT
from .run_command import RUN, RUN_END
from .soak import SOAK

PHASES: tuple[Phase, ...] = (
    CHECK,
    from_upgrade(DRAIN),
    HAND_OVER,
    from_upgrade(STOP),
    RUN,
    REBOOT,
    COME_BACK,
    from_upgrade(START),
    from_upgrade(WARM),
    SETTLE,
    PROVE,
    GPUS,
    from_upgrade(SMOKE_TEST),
    from_upgrade(RESTORE),
    SOAK,
)
SEQUENCE = tuple(phase.name for phase in PHASES)


def phase_named(name: str) -> Phase:
    """Find a phase by its name."""
    return next(phase for phase in (*PHASES, RUN_END) if phase.name == name)
