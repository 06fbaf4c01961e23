"""Record that a cluster keeps of itself on its directors, or edges alone, so that no folder of one
control machine is all there is of it. Pure.

Whoever changes something first takes the lock there, reads this, goes on from it, and writes it
again before anything is changed. Versions that were written apart from each other are joined
(``agreeing``).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from secrets import token_hex
from typing import Any

from ..errors import ClusterError
from .past_run import PastRun
from .rotation import Phase, UnfinishedRotation
from .runtime import Drain, Pin, Runtime

_FORMAT = 2
_WITHOUT_CHECKSUM = 1
"""The format before, which is read too."""
KEPT_WRITERS = 100
"""Runs that a version names as those it knows; of older ones it is taken to know all."""


@dataclass(frozen=True, slots=True)
class UnfinishedUpgrade:
    """A rolling upgrade that is under way or was cut, and the folder to resume it from."""

    id: str
    target: str
    where: str
    """Machine and folder that it was last driven from."""
    state: Mapping[str, Any] | None = None
    """Everything that it takes to resume it, as ``rolling_upgrade/state.py`` writes it. None where
    an earlier version of this program began it: then that folder alone has it."""

    def __str__(self) -> str:
        return f"the upgrade to {self.target} ({self.id}), begun at {self.where}, is unfinished"


@dataclass(frozen=True, slots=True)
class UnfinishedMaintenance:
    """A maintenance of hosts that is under way or was cut; any folder may go on with it."""

    id: str
    what: str
    """Work that hosts get, for people."""
    where: str
    """Machine and folder that it was last driven from."""
    state: Mapping[str, Any]
    """Everything that it takes to resume it, as ``maintain/state.py`` writes it."""

    def __str__(self) -> str:
        return f"the maintenance ({self.what}; {self.id}), begun at {self.where}, is unfinished"


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
    at: str = ""
    """Time when it was written: ISO 8601, UTC."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """The version vector: of every run (``by``) the serial of the last version that this one goes
    on from, its own included. Without its own it is of an earlier program, and ``serial`` alone
    tells the order."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """Hosts as they were last deployed, by name (``state_folder/deployed_hosts.py``)."""
    directors: Mapping[str, Any] | None = None
    """The part of the inventory that directors were given last
    (``state_folder/directors_record.py``)."""
    history: tuple[PastRun, ...] = ()
    """The last runs, the oldest first."""
    maintenance: UnfinishedMaintenance | None = None
    rotation: UnfinishedRotation | None = None


class RecordFormatError(ClusterError, ValueError):
    """A record that this version cannot read."""


def later(record: ClusterRecord, by: str, at: str = "") -> ClusterRecord:
    """The next version, as a run writes it."""
    serial = record.serial + 1
    latest = sorted(record.seen.items(), key=lambda one: one[1])[1 - KEPT_WRITERS :]
    lineage = record.lineage or token_hex(8)
    seen = {**{writer: last for writer, last in latest if writer != by}, by: serial}
    return replace(record, serial=serial, by=by, at=at, lineage=lineage, seen=seen)


def secret_id(secret: str) -> str:
    """Tells two secrets apart and gives none of them away: they are long and random, or hashed
    to too little to guess by."""
    return sha256(b"cluster secret\0" + secret.encode()).hexdigest()[:12]


def runtime_record(runtime: Runtime) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "drains": {name: asdict(drain) for name, drain in runtime.drains.items()},
        "preferred": runtime.preferred,
        "pins": {name: _pin_record(pin) for name, pin in runtime.pins.items()},
        "shares": dict(runtime.shares),
    }


def runtime_from(content: Any) -> Runtime:
    """From JSON. Raises ``ValueError``, ``KeyError``, ``TypeError`` or ``AttributeError``."""
    drains = {str(name): Drain(**fields) for name, fields in content["drains"].items()}
    pins = {str(name): _pin_from(fields) for name, fields in content.get("pins", {}).items()}
    shares = {str(name): int(share) for name, share in content.get("shares", {}).items()}
    return Runtime(drains, content.get("preferred"), pins, shares)


def _pin_record(pin: Pin) -> dict[str, Any]:
    record = asdict(pin)
    if not pin.left:
        # Programs from before there were any read one without.
        del record["left"]
    return record


def _pin_from(record: Any) -> Pin:
    return Pin(**{**record, "left": tuple(map(str, record.get("left", ())))})


def to_text(record: ClusterRecord) -> str:
    """As hosts and folders keep it."""
    content = _content(record)
    return _json({**content, "checksum": _checksum(content)})


def from_text(text: str) -> ClusterRecord:
    """From what a host or a folder keeps. Raises ``RecordFormatError``."""
    try:
        content = json.loads(text)
        if content["format"] not in (_FORMAT, _WITHOUT_CHECKSUM):
            raise RecordFormatError(
                f"it has format {content['format']}, this program knows {_FORMAT}"
            )
        if content["format"] == _FORMAT and content.pop("checksum") != _checksum(content):
            raise RecordFormatError("its checksum is wrong: it is damaged, or was changed by hand")
        upgrade, maintenance = content["upgrade"], content.get("maintenance")
        return ClusterRecord(
            int(content["serial"]),
            runtime_from(content),
            content["secret"],
            UnfinishedUpgrade(**upgrade) if upgrade else None,
            str(content["by"]),
            str(content["lineage"]),
            str(content.get("at", "")),
            {str(writer): int(serial) for writer, serial in content.get("seen", {}).items()},
            dict(content.get("members", {})),
            content.get("directors"),
            tuple(PastRun(**run) for run in content.get("history", ())),
            UnfinishedMaintenance(**maintenance) if maintenance else None,
            _rotation(content.get("rotation")),
        )
    except RecordFormatError:
        raise
    except KeyError as error:
        raise RecordFormatError(f"it is not a record of a cluster: {error} is missing") from None
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise RecordFormatError(f"it is not a record of a cluster ({error})") from None


def _content(record: ClusterRecord) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "lineage": record.lineage,
        "serial": record.serial,
        "by": record.by,
        "at": record.at,
        "seen": dict(record.seen),
        "secret": record.secret,
        "upgrade": asdict(record.upgrade) if record.upgrade else None,
        **runtime_record(record.runtime),
        "members": dict(record.members),
        "directors": record.directors,
        "history": [asdict(run) for run in record.history],
        "maintenance": _maintenance(record.maintenance) if record.maintenance else None,
        # Left out where there is none, as earlier programs wrote it.
        **({"rotation": asdict(record.rotation)} if record.rotation else {}),
    }


def _rotation(found: Any) -> UnfinishedRotation | None:
    """Raises ``KeyError``, ``TypeError`` and ``ValueError``."""
    if found is None:
        return None
    return UnfinishedRotation(**{**found, "phase": Phase(found["phase"])})


def _maintenance(found: UnfinishedMaintenance) -> dict[str, Any]:
    """Without the copy of its state that asdict makes, which is long with many hosts."""
    return {"id": found.id, "what": found.what, "where": found.where, "state": found.state}


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
