"""Whoever joins versions of a cluster's record gets the same, and no drain or pin is lost."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.model.agreeing import agreed
from provisioning.model.cluster_record import (
    KEPT_WRITERS,
    ClusterRecord,
    UnfinishedMaintenance,
    UnfinishedUpgrade,
    from_text,
    later,
    to_text,
)
from provisioning.model.runtime import Drain, Pin, Runtime

_DAYS = st.dates().map(str)
_DRAINS = st.builds(Drain, who=st.sampled_from(["ann 1", "鲍勃 2"]), since=_DAYS, reason=st.text())
_PINS = st.builds(Pin, release=st.text(), who=st.just("ann 1"), since=_DAYS)
_NAMES = st.sampled_from(["rs1", "rs2", "rs3"])
_RUNTIMES = st.builds(
    Runtime,
    drains=st.dictionaries(_NAMES, _DRAINS),
    preferred=st.sampled_from([None, "lvs1", "lvs2"]),
    pins=st.dictionaries(_NAMES, _PINS),
    shares=st.dictionaries(_NAMES, st.integers(1, 99)),
)
_UPGRADES = st.none() | st.builds(
    UnfinishedUpgrade, st.text(), st.text(), st.text(), st.none() | st.just({"version": 2})
)
_MAINTENANCES = st.none() | st.builds(
    UnfinishedMaintenance, st.text(), st.text(), st.text(), st.just({"version": 1})
)
_CHANGES = st.builds(
    lambda runtime, upgrade, maintenance, members: {
        "runtime": runtime,
        "upgrade": upgrade,
        "maintenance": maintenance,
        "members": members,
    },
    _RUNTIMES,
    _UPGRADES,
    _MAINTENANCES,
    st.dictionaries(_NAMES, st.just({"roles": ["real_servers"]})),
)


def _written(record: ClusterRecord, changes: list[dict[str, object]], by: str) -> ClusterRecord:
    for change in changes:
        record = later(replace(record, **change), by)  # type: ignore[arg-type]
    return record


_SIDES = st.lists(st.lists(_CHANGES, min_size=1, max_size=3), min_size=2, max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(_CHANGES, min_size=1, max_size=3), _SIDES, st.permutations([0, 1, 2]))
def test_sides_that_did_not_see_each_other_are_joined(
    common: list[dict[str, object]], sides: list[list[dict[str, object]]], order: list[int]
) -> None:
    base = _written(ClusterRecord(lineage="aaaa"), common, "ann")
    ends = [_written(base, side, f"run {number}") for number, side in enumerate(sides)]
    found = {f"lvs{number}": end for number, end in enumerate(ends)}
    record, told = agreed(ClusterRecord(), found)
    turned = {f"lvs{n}": ends[n] for n in order if n < len(ends)}
    assert agreed(ends[0], turned)[0] == record
    for end in ends:
        assert end.runtime.drains.keys() <= record.runtime.drains.keys()
        assert end.runtime.pins.keys() <= record.runtime.pins.keys()
        assert end.members.keys() <= record.members.keys()
        assert record.serial > end.serial or record == end
    assert record.upgrade or not any(end.upgrade for end in ends)
    assert record.maintenance or not any(end.maintenance for end in ends)
    # What was joined is told once, and counts against each side from then on.
    assert agreed(record, {**found, "lvs9": base}) == (record, [])
    assert agreed(record, {"lvs0": later(record, "bob")})[0].by == "bob"
    if len({to_text(replace(end, by="", seen={})) for end in ends}) == len(ends):
        assert "did not see each other" in told[0] and all(end.by in told[0] for end in ends)


@settings(max_examples=40, deadline=None)
@given(_CHANGES, st.lists(_CHANGES, min_size=1, max_size=4))
def test_what_goes_on_from_a_version_replaces_it(
    first: dict[str, object], more: list[dict[str, object]]
) -> None:
    record = _written(ClusterRecord(), [first], "ann")
    last = _written(record, more, "bob")
    joined, told = agreed(record, {"lvs1": record, "lvs2": last})
    assert joined == last and not any("each other" in line for line in told)
    assert from_text(to_text(last)) == last


def test_a_longer_side_takes_no_drain_of_the_shorter_one_back() -> None:
    base = later(ClusterRecord(), "ann")
    drain = Drain("ann@one run 2", "2026-01-01T00:00:00+00:00")
    short = later(replace(base, runtime=Runtime({"rs1": drain})), "ann@one run 2")
    long = base
    for _ in range(5):
        long = later(long, "bob@two run 3")
    record, told = agreed(ClusterRecord(), {"lvs1": short, "lvs2": long})
    assert record.runtime.drains == {"rs1": drain} and record.serial == 7
    assert "lvs1: ann@one run 2" in told[0] and "lvs2: bob@two run 3" in told[0]


def test_runs_of_long_ago_are_not_taken_for_a_split() -> None:
    first = record = later(ClusterRecord(), "run 0")
    for number in range(1, 2 * KEPT_WRITERS):
        record = later(record, f"run {number}")
    assert len(record.seen) == KEPT_WRITERS
    assert agreed(ClusterRecord(), {"lvs1": first, "lvs2": record}) == (record, [])
