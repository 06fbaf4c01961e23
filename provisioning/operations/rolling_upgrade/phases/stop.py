"""The app of the drained node ends."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.comparing import note_for_comparison
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.phases.warmth import wait_warm
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return "say a test sentence for comparison, then stop the app"


def _run(work: Work) -> None:
    note_for_comparison(work)
    work.timed("stop", lambda: work.hands.stop(work.host))


def _undo(work: Work) -> None:
    work.hands.start(work.host)
    wait_warm(work)


STOP = Phase("stop", "stopping the app", _would, _run, _undo)
