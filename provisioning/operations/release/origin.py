"""What is written down with a release, on every host that has it. Pure but for clock and name.

One line of JSON; keys are only ever added::

    {"id": str, "version": str, "source": str, "ref": str | null, "commit": str | null,
     "built": time (ISO 8601, UTC), "by": "user@host"}

``source`` never holds a login. Releases of before have no such line: of them the id alone is known.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioning.operations.operator_name import operator_name
from provisioning.operations.release.source import Source


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a release comes from, as far as that was written down."""

    version: str | None = None
    source: str | None = None
    ref: str | None = None
    commit: str | None = None
    built: str | None = None
    by: str | None = None


def about(name: str, version: str, source: Source) -> str:
    """The line for a release that is made now."""
    built = datetime.now(UTC).isoformat(timespec="seconds")
    record = {
        "id": name,
        "version": version,
        "source": source.shown,
        "ref": source.ref,
        "commit": source.commit,
        "built": built,
        "by": operator_name(),
    }
    return json.dumps(record, ensure_ascii=True)


def read(line: str) -> Origin:
    """What a host has kept; empty where it is no such line."""
    try:
        found = json.loads(line)
        return Origin(
            **{
                key: str(found[key]) if found.get(key) is not None else None
                for key in ("version", "source", "ref", "commit", "built", "by")
            }
        )
    except (ValueError, AttributeError):
        return Origin()
