"""Space on a file system as stat(1) prints it. Pure."""

import shlex
from dataclasses import dataclass

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation

_FORMAT = "stat -f -c '%S %a %b'"


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes; nought where they could not be told."""

    free: int
    size: int
    answers: bool
    """False where the file system did not answer in time."""


def local_space(path: str) -> Fact[Space]:
    """Space where a folder of the host's own lies."""
    return Fact("local_space", f"{_FORMAT} {shlex.quote(path)}", _parse)


def mounted_space(path: str, *, patience: int) -> Fact[Space]:
    """Space of a file server, which gets ``patience`` seconds to answer."""
    # A hard mount whose server is gone holds whoever touches it, but for SIGKILL.
    fragment = f"timeout -s KILL {patience} {_FORMAT} {shlex.quote(path)}"
    return Fact("mounted_space", fragment, _parse)


def _parse(found: Observation) -> Space:
    answers = found.status == 0
    words = found.stdout.split()
    if len(words) != 3 or not all(word.isdecimal() for word in words):
        return Space(0, 0, answers)
    block, free, size = (int(word) for word in words)
    return Space(block * free, block * size, answers)
