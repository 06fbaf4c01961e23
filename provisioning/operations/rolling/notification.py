"""Fields that every notification of a run begins with."""

from datetime import UTC, datetime
from typing import Any

from ..operation import Operation


def fields_of(op: Operation, command: str, **about: str) -> dict[str, Any]:
    """Name the cluster, the command, the run and its operator, ``about`` the run, and the time."""
    return {
        "cluster": op.cluster.inventory.name,
        "operation": command,
        "run": op.run.id,
        "who": op.run.holder,
        **about,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
