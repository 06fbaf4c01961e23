"""Lines as the log host keeps them, and what is told in one. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

# datetime.UTC is newer than some hosts' Python.
UTC = timezone.utc  # noqa: UP017
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEARTBEAT = "heartbeat"
_BEGIN = b'{"time":'
"""Of each line; quotes within one are escaped."""
Line = dict[str, Any]


def record(raw: bytes) -> Line | None:
    """A line; nothing of what a crash has cut off, or has left before it, or of a sign of life."""
    try:
        found: Line = json.loads(raw[max(raw.rfind(_BEGIN), 0) :].decode("utf-8", "replace"))
        for key in ("time", "received"):
            moment(found[key]).astimezone(UTC)
        whole = all(isinstance(found[key], str) for key in ("node", "service", "level", "line"))
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError):
        return None
    return found if whole and found["service"] != HEARTBEAT else None


def told_in(line: str) -> dict[str, str]:
    """Time, level and request of a line of the app's; what cannot be read is not told."""
    try:
        found = json.loads(line) if line.startswith("{") else {}
        told = {key: found[key] for key in ("time", "level", "request_id") if key in found}
        told = {key: value for key, value in told.items() if isinstance(value, str) and value}
        if "time" in told and moment(told["time"]).tzinfo is None:
            del told["time"]
        return told
    except (ValueError, TypeError, AttributeError):
        return {}


def moment(text: str) -> datetime:
    """Raises ``ValueError``."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def nanoseconds(at: datetime) -> int:
    """Since 1970, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def compact(value: object) -> bytes:
    """JSON, on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
