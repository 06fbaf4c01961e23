"""Facts about one output: the JSON file beside its audio."""

import json
import math
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from ..engines.interface import Mode, SynthesisRequest
from .names import MEDIA_TYPES


@dataclass(frozen=True, slots=True)
class Provenance:
    """The request, the node and the engine that an output comes from."""

    request_id: str
    node: str
    engine: str
    owner: str
    """Whose it is; see ``app.access.ownership``."""
    made_by: str = ""
    """The node whose worker spoke it, where that was not ``node``."""


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """Parameters that make the same audio again, and who made it when.

    Fields with a default came later than the first release: sidecars of older nodes lack them.
    """

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
    mode: str = Mode.PRESET.value
    instruction: str = ""
    reference_digest: str = ""
    """SHA-256 of the reference clip as the engine got it; empty where there was none."""
    reference_transcript: str = ""
    registered_voice: str = ""
    """Id of the registered voice whose recording the reference was."""
    source_digest: str = ""
    """SHA-256 of the clip that was converted."""
    stream: bool = False
    """True if it was made piece by piece, which may sound different."""
    format: str = "wav"
    """A key of ``MEDIA_TYPES``; also the suffix of the audio file."""
    made_by: str = ""
    """The node whose worker spoke it, where that was not ``node``."""
    owner: str = ""
    """Whose it is; see ``app.access.ownership``."""

    @classmethod
    def of(
        cls,
        request: SynthesisRequest,
        provenance: Provenance,
        *,
        duration: float,
        file_format: str,
        created: datetime,
    ) -> Self:
        """The record of audio that was made at ``created``, ``duration`` seconds of it."""
        reference, source = request.reference, request.source
        return cls(
            **asdict(provenance),
            created=created.isoformat(timespec="milliseconds"),
            duration=round(duration, 3),
            text=request.text,
            voice=request.voice,
            speed=request.speed,
            seed=request.seed,
            mode=request.mode.value,
            instruction=request.instruction,
            reference_digest=reference.digest if reference else "",
            reference_transcript=reference.transcript if reference else "",
            registered_voice=reference.voice if reference else "",
            source_digest=source.digest if source else "",
            stream=request.stream,
            format=file_format,
        )

    def to_json(self) -> bytes:
        """The sidecar's content."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n"

    @property
    def created_at(self) -> datetime:
        """``created`` as a moment."""
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
        if field.name not in content and field.default is not MISSING:
            continue
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
    if record.format not in MEDIA_TYPES:
        raise ValueError(f"there is no format {record.format!r}")
    return record
