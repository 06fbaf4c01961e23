"""Outputs of real programs."""

from pathlib import Path

from provisioning.resources.base import Observation

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


def printed(text: str, status: int = 0) -> Observation:
    """Standard output of a fragment."""
    return Observation(text, "", status)
