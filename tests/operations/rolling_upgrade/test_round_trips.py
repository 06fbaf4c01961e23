"""Round trips of each phase of an upgrade are those that docs/rolling-upgrade.md tells."""

import re
from pathlib import Path

from provisioning.operations.rolling.run_status import RunStatus
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from tests.operations.rolling_upgrade.counted_cluster import actions_on, prepare, upgrade
from tests.operations.sandbox_cluster import sandbox_cluster

DOCS = Path(__file__).resolve().parents[3] / "docs/rolling-upgrade.md"
_ROW = re.compile(r"^\| (\w+) \| (\d+) \| (\d+) \|", re.MULTILINE)


def documented() -> dict[str, tuple[int, int]]:
    """Steps and writes of every phase, by the table."""
    section = DOCS.read_text(encoding="utf-8").partition("## Round trips")[2].partition("\n## ")[0]
    return {phase: (int(steps), int(writes)) for phase, steps, writes in _ROW.findall(section)}


def test_each_phase_makes_the_round_trips_that_are_documented(tmp_path: Path) -> None:
    with sandbox_cluster(tmp_path) as sandbox:
        prepare(sandbox, tmp_path)
        done, trips = upgrade(sandbox, tmp_path)
    assert done.status is RunStatus.FINISHED, done.node("rs1").reason
    # The state of the whole run at its end is no node's.
    phases = (*trips.steps.keys(), *trips.writes.keys() - {"end"})
    counted = {phase: (trips.steps[phase], trips.writes[phase]) for phase in phases}
    assert counted == documented()


def test_a_look_serves_twice_only_while_it_is_fresh_and_nothing_was_changed(
    tmp_path: Path,
) -> None:
    with sandbox_cluster(tmp_path) as sandbox:
        prepare(sandbox, tmp_path)
        with actions_on(sandbox, UpgradeOptions()) as (actions, trips):

            def looks(at_most: float) -> int:
                before = trips.steps.total()
                actions.look(at_most=at_most)
                return trips.steps.total() - before

            assert [looks(60), looks(60), looks(0), looks(60)] == [1, 0, 1, 0]
            actions.drain("rs1", "")
            assert looks(60) == 1
            assert actions.look(at_most=60).services[0].weights["rs1"] == 0
            actions.undrain("rs1")
            assert looks(60) == 1
