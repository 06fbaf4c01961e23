"""What is known of one output: the JSON file beside its audio."""

import json
import math
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """Everything it takes to make the same audio again, and who made it when."""

    request_id: str
    node: str
    engine: str
    created: str
    """ISO 8601 with offset."""
    duration: float
    """Seconds of sound."""
    text: str
    voice: str
    speed: float
    seed: int

    def to_json(self) -> bytes:
        """The sidecar's content."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n"

    @property
    def created_at(self) -> datetime:
        """`created` as a moment."""
        return datetime.fromisoformat(self.created)


def record_of(data: bytes) -> OutputRecord:
    """A sidecar's content. Raises ValueError for one that no node wrote.

    Keys it does not know are ignored: nodes of two releases may share the folder.
    """
    content = json.loads(data)
    if not isinstance(content, dict):
        raise ValueError("a sidecar is a JSON object")
    found: dict[str, Any] = {}
    for field in fields(OutputRecord):
        value = content.get(field.name)
        # JSON knows one kind of number.
        if field.type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not field.type:
            raise ValueError(f"{field.name} is {value!r}")
        found[field.name] = value
    record = OutputRecord(**found)
    if not math.isfinite(record.duration) or not math.isfinite(record.speed):
        raise ValueError("a number is not finite")
    if record.created_at.tzinfo is None:
        raise ValueError("created has no offset from UTC")
    return record
