"""Runs of an upgrade on a fake cluster."""

from pathlib import Path

from provisioning.operations.rolling_upgrade import state_file, state_machine
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from provisioning.operations.rolling_upgrade.ordering import planned
from provisioning.operations.rolling_upgrade.runner import Runner
from provisioning.operations.rolling_upgrade.state import Upgrade
from tests.operations.rolling_upgrade.fake_cluster import NEW, EventRecorder, FakeCluster


def fresh(cluster: FakeCluster, options: UpgradeOptions) -> Upgrade:
    """An upgrade of all real servers, and of the directors that have something to do."""
    directors = [host for host in cluster.directors if host in cluster.director_work]
    nodes = planned(list(cluster.nodes), directors, options, cluster.look())
    return Upgrade("run-1", NEW, {"kind": "builtin"}, options, nodes, "2026-11-21T00:00:00+00:00")


def runner(
    upgrade: Upgrade, cluster: FakeCluster, folder: Path, recorder: EventRecorder | None = None
) -> Runner:
    """A run that is about to begin."""
    return Runner(
        state=upgrade,
        cluster=cluster,
        folder=folder,
        pause=state_file.pause_request(folder),
        watch=recorder or EventRecorder(),
        clock=cluster.clock,
    )


def run(
    cluster: FakeCluster,
    folder: Path,
    options: UpgradeOptions | None = None,
    recorder: EventRecorder | None = None,
) -> Upgrade:
    """A new upgrade, to its end."""
    upgrade = fresh(cluster, options or UpgradeOptions())
    return runner(upgrade, cluster, folder, recorder).run()


def resume(cluster: FakeCluster, folder: Path, recorder: EventRecorder | None = None) -> Upgrade:
    """Goes on with what is on disk."""
    upgrade = state_file.load(folder)
    assert upgrade is not None
    return runner(state_machine.resume(upgrade), cluster, folder, recorder).run()
