"""What is written down with a release, on every host that has it. Pure but for clock and name.

One line of JSON; keys are only ever added::

    {"id": str, "version": str, "source": str, "ref": str | null, "commit": str | null,
     "built": time (ISO 8601, UTC), "by": "user@host"}

``source`` never holds a login. Releases of before have no such line: of them the id alone is known.
"""

import json
from datetime import UTC, datetime

from provisioning.operations.operator_name import operator_name
from provisioning.operations.release.source import Source


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
