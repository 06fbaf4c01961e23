"""The app starts with the new release."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return "start the app"


def _run(work: Work) -> None:
    work.timed("start", lambda: work.hands.start(work.host))


def _undo(work: Work) -> None:
    work.hands.stop(work.host)


START = Phase("start", "starting the app", _would, _run, _undo)
