"""Record that a cluster keeps of itself on its directors, or edges alone, so that no folder of one
control machine is all there is of it. Pure.

Whoever changes something first takes the lock there, reads this, goes on from it, and writes it
again before anything is changed. Of two versions the one with the higher ``serial`` is later.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from secrets import token_hex
from typing import Any

from ..errors import ClusterError
from .runtime import Drain, Pin, Runtime

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class UnfinishedUpgrade:
    """A rolling upgrade that is under way or was cut, and the folder to resume it from."""

    id: str
    target: str
    where: str
    """Machine and folder of its state."""

    def __str__(self) -> str:
        return f"the upgrade to {self.target} ({self.id}), begun at {self.where}, is unfinished"


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """One version of it."""

    serial: int = 0
    """0 is what nobody has written."""
    runtime: Runtime = field(default_factory=Runtime)
    secret: str | None = None
    """By what the nodes' secret is known (``secret_id``)."""
    upgrade: UnfinishedUpgrade | None = None
    by: str = ""
    """Operator and run that wrote it."""
    lineage: str = ""
    """Random; another one after the cluster was destroyed and deployed again, so that what a folder
    still knows of the former one does not count."""


class RecordFormatError(ClusterError, ValueError):
    """A record that this version cannot read."""


def later(record: ClusterRecord, by: str) -> ClusterRecord:
    """The next version, as a run writes it."""
    lineage = record.lineage or token_hex(8)
    return replace(record, serial=record.serial + 1, by=by, lineage=lineage)


def secret_id(secret: str) -> str:
    """Tells two secrets apart and gives none of them away: they are long and random, or hashed
    to too little to guess by."""
    return sha256(b"cluster secret\0" + secret.encode()).hexdigest()[:12]


def runtime_record(runtime: Runtime) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "drains": {name: asdict(drain) for name, drain in runtime.drains.items()},
        "preferred": runtime.preferred,
        "pins": {name: asdict(pin) for name, pin in runtime.pins.items()},
        "shares": dict(runtime.shares),
    }


def runtime_from(content: Any) -> Runtime:
    """From JSON. Raises ``ValueError``, ``KeyError``, ``TypeError`` or ``AttributeError``."""
    drains = {str(name): Drain(**fields) for name, fields in content["drains"].items()}
    pins = {str(name): Pin(**fields) for name, fields in content.get("pins", {}).items()}
    shares = {str(name): int(share) for name, share in content.get("shares", {}).items()}
    return Runtime(drains, content.get("preferred"), pins, shares)


def to_text(record: ClusterRecord) -> str:
    """As hosts and folders keep it."""
    content = {
        "format": _FORMAT,
        "lineage": record.lineage,
        "serial": record.serial,
        "by": record.by,
        "secret": record.secret,
        "upgrade": asdict(record.upgrade) if record.upgrade else None,
        **runtime_record(record.runtime),
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def from_text(text: str) -> ClusterRecord:
    """From what a host or a folder keeps. Raises ``RecordFormatError``."""
    try:
        content = json.loads(text)
        if content["format"] != _FORMAT:
            raise RecordFormatError(
                f"it has format {content['format']}, this program knows {_FORMAT}"
            )
        upgrade = content["upgrade"]
        return ClusterRecord(
            int(content["serial"]),
            runtime_from(content),
            content["secret"],
            UnfinishedUpgrade(**upgrade) if upgrade else None,
            str(content["by"]),
            str(content["lineage"]),
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise RecordFormatError(f"it is no record of a cluster ({error})") from None


def agreed(
    ours: ClusterRecord, found: Mapping[str, ClusterRecord]
) -> tuple[ClusterRecord, list[str]]:
    """The record that counts, and what this folder did not know of it, for people.

    ``ours`` is what this folder remembers. The latest counts; of a former installation none does.
    Where two of one serial differ (two folders that saw different directors), no drain and no pin
    of either is lost.
    """
    latest = max(found.values(), key=lambda record: record.serial, default=ours)
    told: list[str] = []
    if ours.lineage == latest.lineage and ours.serial > latest.serial:
        latest = ours
    found = {name: record for name, record in found.items() if record.lineage == latest.lineage}
    for name, record in found.items():
        if record.serial == latest.serial and _differ(record, latest):
            told.append(f"{name} remembers the cluster otherwise ({record.by}); both count")
            latest = _merged(latest, record)
    same = (ours.lineage, ours.serial) == (latest.lineage, latest.serial)
    if same and ours.serial and _differ(ours, latest):
        latest = _merged(latest, ours)
    return latest, [*told, *_news(ours.runtime, latest.runtime, latest.by)]


def _differ(one: ClusterRecord, other: ClusterRecord) -> bool:
    return replace(one, by="") != replace(other, by="")


def _merged(one: ClusterRecord, other: ClusterRecord) -> ClusterRecord:
    a, b = one.runtime, other.runtime
    runtime = Runtime(
        {**b.drains, **a.drains},
        a.preferred or b.preferred,
        {**b.pins, **a.pins},
        {**b.shares, **a.shares},
    )
    return replace(
        one,
        serial=one.serial + 1,
        runtime=runtime,
        secret=one.secret or other.secret,
        upgrade=one.upgrade or other.upgrade,
    )


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
