"""Every worker has loaded its model and spoken; no client has noticed the node yet."""

from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.phases.phase import Phase, Work
from provisioning.operations.rolling_upgrade.phases.warmth import PATIENCE, wait_warm
from provisioning.operations.rolling_upgrade.state import Node


def _would(node: Node, choices: Choices, target: str) -> str:
    return f"wait until every worker has spoken, {PATIENCE:g} s at most"


def _run(work: Work) -> None:
    work.timed("warm", lambda: wait_warm(work))


WARM = Phase("warm", "warming up", _would, _run)
