"""Runs, cut upgrades and splits, as `cluster status` shows them."""

from dataclasses import replace

from provisioning.model.cluster_record import (
    ClusterRecord,
    UnfinishedMaintenance,
    UnfinishedUpgrade,
    later,
    to_text,
)
from provisioning.model.runtime import Drain, Runtime
from provisioning.operations.status.record import status_record
from tests.operations.replay import INVENTORY, Recording, recording
from tests.operations.test_status import seen, shown

_RUN = "ann@one, 轮换 of rs1 (run 20261129T190000Z-1)"
_UPGRADE = UnfinishedUpgrade("u1", "0.2.0-abc", "ann@one:/srv/ops")


def _remembering(**records: ClusterRecord) -> Recording:
    answers = recording("healthy")
    for name, record in records.items():
        answers[name]["cluster_record"] = [(to_text(record), "", 0)]
    return answers


def test_nothing_is_said_where_nobody_works_on_the_cluster() -> None:
    state = seen(recording("healthy"))
    assert "under way" not in shown(state)
    record = status_record(INVENTORY, state, [])
    assert (record["run"], record["upgrade"], record["hints"]) == ("", None, [])


def test_a_run_under_way_is_shown_to_others() -> None:
    answers = recording("healthy")
    answers["lvs2"]["run_holder"] = [(f"{_RUN}\n", "", 0)]
    state = seen(answers)
    assert f"under way: {_RUN}" in shown(state)
    record = status_record(INVENTORY, state, [])
    assert record["run"] == _RUN
    assert record["healthy"], "somebody who works is no fault"


def test_a_cut_upgrade_says_how_it_goes_on() -> None:
    record = later(ClusterRecord(upgrade=_UPGRADE), "ann@one")
    answers = _remembering(lvs1=record, lvs2=record)
    state = seen(answers)
    line = "the upgrade to 0.2.0-abc (u1), begun at ann@one:/srv/ops, is unfinished"
    assert f"{line}; `cluster rolling-upgrade --resume` continues it" in shown(state)
    assert status_record(INVENTORY, state, [])["upgrade"] == {
        "id": "u1",
        "target": "0.2.0-abc",
        "where": "ann@one:/srv/ops",
    }
    answers["lvs1"]["run_holder"] = [(f"{_RUN}\n", "", 0)]
    assert "--resume" not in shown(seen(answers)), "it is under way, and nobody should resume it"


def test_a_cut_maintenance_says_how_it_goes_on() -> None:
    cut = UnfinishedMaintenance("m1", "apt-get -y 升级, then a reboot", "ann@one:/srv/ops", {})
    record = later(ClusterRecord(maintenance=cut), "ann@one")
    state = seen(_remembering(lvs1=record, lvs2=record))
    line = "(apt-get -y 升级, then a reboot; m1), begun at ann@one:/srv/ops, is unfinished"
    assert f"{line}; `cluster maintain --resume` continues it" in shown(state)
    found = status_record(INVENTORY, state, [])["maintenance"]
    assert (found["id"], found["work"]) == ("m1", "apt-get -y 升级, then a reboot")


def test_changes_from_two_sides_are_a_hint() -> None:
    first = later(ClusterRecord(), "ann@one")
    drained = Runtime({"rs1": Drain("bob@two", "2026-01-01T00:00:00+00:00")})
    sides = {
        "lvs1": later(first, "ann@one again"),
        "lvs2": later(replace(first, runtime=drained), "bob@two"),
    }
    state = seen(_remembering(**sides))
    (hint,) = status_record(INVENTORY, state, [])["hints"]
    assert "two sides that did not see each other (lvs1: ann@one again; lvs2: bob@two)" in hint
    assert "rs1" in state.runtime.drains
