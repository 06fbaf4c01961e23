"""``current`` leads to the new release."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return f"switch {node.old or 'what runs'} -> {target}"


def _run(work: Work) -> None:
    work.timed("switch", lambda: work.hands.switch(work.host, work.target))


def _undo(work: Work) -> None:
    if not work.node.old:
        raise PhaseError("it is not known which release ran here before")
    work.hands.switch(work.host, work.node.old)


SWITCH = Phase("switch", "switching the release", _would, _run, _undo)
