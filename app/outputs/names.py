"""Names of outputs: they sort by time, say which node made them, and no two nodes make the same."""

import re
import secrets
from datetime import UTC, datetime

AUDIO = ".wav"
SIDECAR = ".json"

_STEM = re.compile(r"\d{8}T\d{9}Z-[A-Za-z0-9][A-Za-z0-9_.-]{0,62}-[0-9a-f]{8}")


def new_stem(created: datetime, node: str) -> str:
    """A fresh name without its suffix, e.g. `20261121T083358123Z-rs1-3f9a2c1b`."""
    moment = created.astimezone(UTC)
    milliseconds = moment.microsecond // 1000
    return f"{moment:%Y%m%dT%H%M%S}{milliseconds:03d}Z-{node}-{secrets.token_hex(4)}"


def is_stem(text: str) -> bool:
    """Whether this can be an output's name. A name with a path in it never is."""
    return _STEM.fullmatch(text) is not None
