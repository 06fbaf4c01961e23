"""A director gets what it should have: by a reload, which leaves healthy services alone, or where
that is not enough by a restart."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    packages = "newest packages, " if choices.upgrade_packages else ""
    how = "restart Keepalived" if choices.restart_directors else "reload or restart Keepalived"
    return f"{packages}configuration, {how}"


def _run(work: Work) -> None:
    work.timed("change", lambda: work.hands.change_director(work.host))


# A change that fails has taken itself back on the host.
CHANGE = Phase("change", "changing the director", _would, _run)
