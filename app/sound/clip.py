"""Recordings that engines take, and what they demand of them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Demands of an engine on a reference or source clip."""

    shortest: float
    """Seconds."""
    longest: float
    """Seconds."""
    lowest_rate: int
    """Hz the recording must have been made with."""
    sample_rate: int
    """Hz of the clips the engine is given: mono 16-bit WAV."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording an engine can use as it is: checked, cut, mono, at the engine's rate."""

    path: Path
    """A WAV file every worker of the node can read."""
    digest: str
    """SHA-256 of the file's content, hexadecimal: what an engine keeps of it is kept under this."""
    transcript: str = ""
    """The words in it; empty where nobody gave them."""
    voice: str = ""
    """Id of the registered voice it is the recording of; empty where it came with the request."""
