"""Round trips of each phase of an upgrade, as docs/rolling-upgrade.md has them."""

from pathlib import Path

from provisioning.operations.rolling_upgrade.state import RunStatus
from tests.operations.rolling_upgrade.counted_cluster import prepare, sentence, upgrade
from tests.operations.sandbox_cluster import sandbox_cluster


def test_count(tmp_path: Path) -> None:
    with sandbox_cluster(tmp_path) as sandbox:
        sandbox.sound = sentence()
        prepare(sandbox, tmp_path)
        done, trips = upgrade(sandbox, tmp_path)
    assert done.status is RunStatus.FINISHED, done.node("rs1").reason
    print(dict(trips.steps), sum(trips.steps.values()))
    print(dict(trips.writes), sum(trips.writes.values()))
