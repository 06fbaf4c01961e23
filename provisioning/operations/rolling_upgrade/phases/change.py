"""Change a director: by a reload, which leaves healthy services alone, or where that is not enough
by a restart."""

from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.phases.phase import Phase, PhaseContext
from provisioning.operations.rolling_upgrade.state import Node


def _describe(node: Node, options: UpgradeOptions, target: str) -> str:
    packages = "newest packages, " if options.upgrade_packages else ""
    how = "restart Keepalived" if options.restart_directors else "reload or restart Keepalived"
    return f"{packages}configuration, {how}"


def _run(context: PhaseContext) -> None:
    context.timed("change", lambda: context.cluster.change_director(context.host))


# A change that fails undoes itself on the host.
CHANGE = Phase("change", "changing the director", _describe, _run)
