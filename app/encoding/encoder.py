"""Interface of an encoder."""

from typing import Protocol


class Encoder(Protocol):
    """Turns mono signed 16-bit little-endian samples into a file, in order, without seeking back.

    The parts that ``feed`` and ``finish`` give, joined, are the file. Neither waits for anything
    but the processor: about 5 ms for a second of sound.
    """

    def feed(self, pcm: bytes) -> bytes:
        """The next samples, whole ones; what is ready of the file, which may be nothing."""
        ...

    def finish(self) -> bytes:
        """The end of the file. To be called once, last."""
        ...
