"""The new release comes beside the one that runs; clients notice nothing."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return f"unpack {target} beside {node.old or 'what runs'}"


def _run(work: Work) -> None:
    work.timed("stage", lambda: work.hands.stage(work.host))


# Nothing to take back: a release that nothing points to is in nobody's way, and is there to look
# into; the oldest go by themselves.
STAGE = Phase("stage", "staging the release", _would, _run)
