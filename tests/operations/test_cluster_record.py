"""The one of several memories of a cluster that counts; no drain and no pin is lost."""

import json
from dataclasses import asdict, replace

import pytest

from provisioning.model.agreeing import agreed
from provisioning.model.cluster_record import (
    ClusterRecord,
    RecordFormatError,
    UnfinishedMaintenance,
    UnfinishedUpgrade,
    from_text,
    later,
    to_text,
)
from provisioning.model.runtime import Drain, Pin, Runtime

_DRAIN = Drain("ann@one run 1", "2026-01-01T00:00:00+00:00", '新内存: "new"')
_PIN = Pin("0.1.0-abc", "ann@one run 1", "2026-01-01T00:00:00+00:00")
_FULL = ClusterRecord(
    7,
    Runtime({"rs1": _DRAIN}, "lvs2", {"rs2": _PIN}, {"rs3": 20}),
    "0123456789ab",
    UnfinishedUpgrade("1", "0.2.0-def", "one:/srv"),
    "ann@one run 1",
    "aaaa",
    maintenance=UnfinishedMaintenance("2", "apt-get -y upgrade", "one:/srv", {"hosts": []}),
)


def test_what_is_kept_is_what_is_read() -> None:
    assert from_text(to_text(_FULL)) == _FULL


_OLD = '{"format": 1, "drains": {}, "secret": "", "upgrade": null, "by": "", "lineage": "", '


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 2}',
        _OLD + '"serial": "x"}',
        _OLD + '"serial": 1, "members": "abc"}',
        _OLD + '"serial": 1, "history": [{"no": 1}]}',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_not_taken_for_nothing(text: str) -> None:
    with pytest.raises(RecordFormatError):
        from_text(text)


def test_a_folder_that_knows_nothing_takes_all_over_and_says_so() -> None:
    record, told = agreed(ClusterRecord(), {"lvs1": _FULL, "lvs2": _FULL})
    assert record == _FULL
    assert any(line.startswith("rs1: drained since") and "ann@one" in line for line in told)
    assert any("0.1.0-abc" in line for line in told)
    assert any("lvs2 is preferred" in line for line in told)
    assert any("rs3: has 20 %" in line for line in told)


def test_the_later_one_counts_whoever_has_it() -> None:
    ended = later(ClusterRecord(7, lineage="aaaa"), "bob@two run 2")
    assert agreed(ended, {"lvs1": _FULL}) == (ended, [])
    record, told = agreed(_FULL, {"lvs1": ended, "lvs2": _FULL})
    assert record == ended
    assert any("rs1: is not drained any more (bob@two run 2)" in line for line in told)


def test_where_two_of_one_age_differ_no_drain_is_lost() -> None:
    one = ClusterRecord(8, Runtime({"rs1": _DRAIN}), by="ann", lineage="aaaa")
    other = ClusterRecord(8, Runtime({"rs2": _DRAIN}, pins={"rs3": _PIN}), by="bob", lineage="aaaa")
    record, told = agreed(ClusterRecord(), {"lvs1": one, "lvs2": other})
    assert record.runtime.drains.keys() == {"rs1", "rs2"} and record.runtime.pins.keys() == {"rs3"}
    assert record.serial > 8
    assert "both count" in told[0]
    ours, _ = agreed(one, {"lvs2": other})
    assert ours.runtime.drains.keys() == {"rs1", "rs2"}


def test_what_a_folder_knows_of_a_cluster_before_this_one_does_not_count() -> None:
    fresh = later(ClusterRecord(), "bob@two run 2")
    record, _ = agreed(_FULL, {"lvs1": fresh})
    assert record == fresh and fresh.lineage not in ("", "aaaa")


def test_without_a_word_from_the_hosts_the_folder_counts() -> None:
    assert agreed(_FULL, {}) == (_FULL, [])


def test_a_record_of_the_format_before_is_read_and_gone_on_from() -> None:
    text = json.dumps(
        {
            "format": 1,
            "lineage": "aaaa",
            "serial": 7,
            "by": "ann@one run 1",
            "secret": "0123456789ab",
            "upgrade": {"id": "1", "target": "0.2.0-def", "where": "one:/srv"},
            "drains": {"rs1": asdict(_DRAIN)},
            "preferred": "lvs2",
            "pins": {"rs2": asdict(_PIN)},
            "shares": {"rs3": 20},
        }
    )
    former = from_text(text)
    assert former == replace(_FULL, maintenance=None)
    now = later(former, "bob@two run 2")
    assert agreed(ClusterRecord(), {"lvs1": former, "lvs2": now})[0] == now


def test_a_record_that_was_changed_by_hand_is_refused() -> None:
    with pytest.raises(RecordFormatError, match="checksum"):
        from_text(to_text(_FULL).replace('"rs1"', '"rs2"'))
