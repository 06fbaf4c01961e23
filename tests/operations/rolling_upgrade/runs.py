"""Runs of an upgrade on a paper cluster."""

from pathlib import Path

from provisioning.operations.rolling_upgrade import machine, state_file
from provisioning.operations.rolling_upgrade.choices import Choices
from provisioning.operations.rolling_upgrade.ordering import planned
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.state import Upgrade
from tests.operations.rolling_upgrade.scripted import NEW, Heard, PaperCluster


def fresh(cluster: PaperCluster, choices: Choices) -> Upgrade:
    """An upgrade of all real servers, and of the directors that have something to do."""
    directors = [host for host in cluster.directors if host in cluster.director_work]
    nodes = planned(list(cluster.nodes), directors, choices, cluster.look())
    return Upgrade("run-1", NEW, {"kind": "builtin"}, choices, nodes, "2026-11-21T00:00:00+00:00")


def run(
    cluster: PaperCluster, folder: Path, choices: Choices | None = None, heard: Heard | None = None
) -> Upgrade:
    """A new upgrade, to its end."""
    upgrade = fresh(cluster, choices or Choices())
    return Runner(upgrade, cluster, folder, heard or Heard(), cluster.clock).run()


def resume(cluster: PaperCluster, folder: Path, heard: Heard | None = None) -> Upgrade:
    """Goes on with what is on disk."""
    upgrade = state_file.load(folder)
    assert upgrade is not None
    return Runner(machine.resumed(upgrade), cluster, folder, heard or Heard(), cluster.clock).run()
