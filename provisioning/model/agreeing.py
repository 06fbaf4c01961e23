"""The record of a cluster that counts, where its hosts and a folder remember it differently. Pure.

A version counts unless another goes on from it. Two that were written apart from each other (two
runs that saw different directors) are joined: no drain and no pin of either is lost, and whoever
joins them gets the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

from .cluster_record import KEPT_WRITERS, ClusterRecord, to_text
from .past_run import joined_history
from .runtime import Drain, Pin, Runtime

_Dated = TypeVar("_Dated", Drain, Pin)


def agreed(
    ours: ClusterRecord, found: Mapping[str, ClusterRecord]
) -> tuple[ClusterRecord, list[str]]:
    """The record that counts, and what this folder did not know of it, for people.

    ``ours`` is what this folder remembers. Of a former installation nothing counts.
    """
    record = reduce(_joined, _heads(_versions(ours, found)))
    apart = split(ours, found)
    told = [apart] if apart else []
    return record, [*told, *_news(ours.runtime, record.runtime, record.by)]


def split(ours: ClusterRecord, found: Mapping[str, ClusterRecord]) -> str:
    """Say who changed the cluster apart from whom, for people; empty where nobody did."""
    heads = _heads(_versions(ours, found))
    # Who wrote it is nothing to what it says.
    if len({to_text(replace(head, by="", at="", seen={})) for head in heads}) == 1:
        return ""
    where = {
        head.by: [name for name, one in found.items() if one == head] or ["this folder"]
        for head in heads
    }
    sides = "; ".join(f"{', '.join(names)}: {by or 'unknown'}" for by, names in where.items())
    return (
        f"the cluster was changed from two sides that did not see each other ({sides}); both "
        "count: every drain and pin of either stays until it is ended"
    )


def _versions(ours: ClusterRecord, found: Mapping[str, ClusterRecord]) -> list[ClusterRecord]:
    """All of the present installation."""
    latest = max(found.values(), key=_order, default=ours)
    if ours.lineage == latest.lineage:
        latest = max(latest, ours, key=_order)
    return [one for one in (*found.values(), ours) if one.lineage == latest.lineage]


def _order(record: ClusterRecord) -> tuple[int, str, str]:
    return record.serial, record.by, to_text(record)


def _heads(versions: Iterable[ClusterRecord]) -> list[ClusterRecord]:
    """Those that no other goes on from, in an order that does not depend on who has them."""
    versions = sorted({to_text(one): one for one in versions}.values(), key=_order)
    return [one for one in versions if not any(_goes_on_from(two, one) for two in versions)]


def _goes_on_from(later: ClusterRecord, earlier: ClusterRecord) -> bool:
    if earlier.serial >= later.serial:
        return False
    if earlier.by not in earlier.seen or later.by not in later.seen:
        # Of an earlier program, which knows no more.
        return True
    forgotten = len(later.seen) >= KEPT_WRITERS and earlier.serial < min(later.seen.values())
    return forgotten or later.seen.get(earlier.by, -1) >= earlier.serial


def _joined(one: ClusterRecord, two: ClusterRecord) -> ClusterRecord:
    """``two`` is the later one by ``_order``; it has the last word on what only one can have."""
    a, b = one.runtime, two.runtime
    runtime = Runtime(
        _newer(a.drains, b.drains),
        b.preferred or a.preferred,
        _newer(a.pins, b.pins),
        {**a.shares, **b.shares},
    )
    serial = max(one.serial, two.serial) + 1
    by = " and ".join(dict.fromkeys(word for word in (one.by, two.by) if word))
    writers = [*one.seen, *(writer for writer in two.seen if writer not in one.seen)]
    seen = {w: max(one.seen.get(w, 0), two.seen.get(w, 0)) for w in sorted(writers)}
    return replace(
        two,
        serial=serial,
        runtime=runtime,
        by=by,
        at=max(one.at, two.at),
        seen={**seen, by: serial},
        secret=_of_rotation(one, two).secret or two.secret or one.secret,
        upgrade=two.upgrade or one.upgrade,
        maintenance=two.maintenance or one.maintenance,
        members={**one.members, **two.members},
        directors=two.directors or one.directors,
        history=joined_history(one.history, two.history),
        rotation=_of_rotation(one, two).rotation,
    )


def _of_rotation(one: ClusterRecord, two: ClusterRecord) -> ClusterRecord:
    """The version that knows which of two secrets nodes sign with."""
    return one if one.rotation and not two.rotation else two


def _newer(one: Mapping[str, _Dated], two: Mapping[str, _Dated]) -> dict[str, _Dated]:
    both: dict[str, _Dated] = {**one, **two}
    for name in one.keys() & two.keys():
        both[name] = max(one[name], two[name], key=_when)
    return both


def _when(dated: Any) -> tuple[str, str]:
    return dated.since, str(dated)


def _news(ours: Runtime, theirs: Runtime, by: str) -> list[str]:
    """News for this folder."""
    told = [
        f"{name}: {drain}; taken over"
        for name, drain in theirs.drains.items()
        if name not in ours.drains
    ]
    told += [
        f"{name}: is not drained any more ({by}); taken over"
        for name in ours.drains
        if name not in theirs.drains
    ]
    told += [
        f"{name}: {pin}; taken over"
        for name, pin in theirs.pins.items()
        if name not in ours.pins or ours.pins[name].release != pin.release
    ]
    told += [
        f"{name}: is not kept at {pin.release} any more ({by}); taken over"
        for name, pin in ours.pins.items()
        if name not in theirs.pins
    ]
    if ours.preferred != theirs.preferred:
        who = theirs.preferred or "no director but the inventory's"
        told.append(f"{who} is preferred as master since {by}; taken over")
    told += [
        f"{name}: has {share} % of its weight; taken over"
        for name, share in theirs.shares.items()
        if ours.shares.get(name) != share
    ]
    return told
