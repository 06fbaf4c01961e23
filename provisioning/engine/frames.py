"""Takes the output of a host's script apart again. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..resources.base import Observation

TELL = "tell"
"""Key of a frame that a fragment prints itself, by ``tell`` of the prelude: a word on how far it
is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The output of one fragment, and its status."""

    key: str
    output: str
    status: int


class FrameReader:
    """Cuts a byte stream into frames as it arrives."""

    def __init__(self, marker: str) -> None:
        self._pattern = re.compile(rb"\n" + re.escape(marker).encode() + rb" (\S+) (\d+)\n")
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yields the frames that ``data`` completes."""
        self._buffer += data
        while match := self._pattern.search(self._buffer):
            output = self._buffer[: match.start()].decode("utf-8", "surrogateescape")
            self._buffer = self._buffer[match.end() :]
            yield Frame(match[1].decode(), output, int(match[2]))

    @property
    def rest(self) -> str:
        """Return what came after the last frame."""
        return self._buffer.decode("utf-8", "surrogateescape")


def observations(stdout: bytes, stderr: bytes, marker: str) -> dict[str, Observation]:
    """Standard output and error of every fragment of an observe script, by key."""
    errors = {frame.key: frame.output for frame in FrameReader(marker).feed(stderr)}
    return {
        frame.key: Observation(frame.output, errors.get(frame.key, ""), frame.status)
        for frame in FrameReader(marker).feed(stdout)
        if frame.key != TELL
    }
