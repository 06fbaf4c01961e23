"""Names of outputs: they sort by time, say which node made them, and no two nodes make the same."""

import re
import secrets
from datetime import UTC, datetime

SIDECAR = ".json"
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "pcm": "audio/pcm",
}
"""Formats an output can be kept in: the suffix without its dot, and what HTTP calls it."""

_STEM = re.compile(r"\d{8}T\d{9}Z-(?P<node>[A-Za-z0-9][A-Za-z0-9_.-]{0,62})-[0-9a-f]{8}")
_MOMENT = "%Y%m%dT%H%M%S%f"
_MOMENT_LENGTH = len("20261121T083358123")


def new_stem(created: datetime, node: str) -> str:
    """A fresh name without its suffix, e.g. ``20261121T083358123Z-rs1-3f9a2c1b``."""
    moment = created.astimezone(UTC)
    milliseconds = moment.microsecond // 1000
    return f"{moment:%Y%m%dT%H%M%S}{milliseconds:03d}Z-{node}-{secrets.token_hex(4)}"


def is_stem(text: str) -> bool:
    """Tell whether this can be an output's name. A name with a path in it never is."""
    return _STEM.fullmatch(text) is not None


def moment_of(stem: str) -> datetime:
    """Read the time at which an output was made from its name. Raises ValueError for digits that
    are not a date."""
    return datetime.strptime(stem[:_MOMENT_LENGTH], _MOMENT).replace(tzinfo=UTC)


def audio_name(stem: str, file_format: str) -> str:
    """The name of an output's audio file."""
    return f"{stem}.{file_format}"


def parse_audio_name(name: str) -> tuple[str, str] | None:
    """Stem and format of an audio file's name, or None if no output is called that."""
    stem, dot, file_format = name.rpartition(".")
    if dot and file_format in MEDIA_TYPES and is_stem(stem):
        return stem, file_format
    return None


def keeper_of(name: str) -> str | None:
    """The node that was asked for an output, and keeps it while the shared folder does not, by its
    audio file's name; None if no output is called that."""
    parsed = parse_audio_name(name)
    found = _STEM.fullmatch(parsed[0]) if parsed else None
    return found["node"] if found else None
