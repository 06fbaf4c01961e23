"""A director whose Keepalived must be restarted gives the VIPs to the other one first."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseError, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return "move the VIPs to the other director if it holds them and must be restarted"


def _run(work: Work) -> None:
    _, restarts = work.hands.director_changes(work.host)
    if not restarts:
        return
    if work.hands.look().faults:
        raise PhaseError("not now: " + "; ".join(work.hands.look().faults))

    def give() -> None:
        if to := work.hands.hand_over(work.host):
            work.tell("note", f"the VIPs went to {to}")

    work.timed("hand over", give)


HAND_OVER = Phase("hand_over", "handing the VIPs over", _would, _run)
