"""Watch a real server at work; one that is not well is taken out of service again."""

from dataclasses import replace

from ...rolling_upgrade.phases.restore import RESTORE
from ...rolling_upgrade.phases.soak import SOAK as OF_UPGRADE
from .phase import Context, from_upgrade


def _take_out(context: Context) -> None:
    RESTORE.undo(context.of_upgrade())


SOAK = replace(from_upgrade(OF_UPGRADE), after_failure=_take_out)
