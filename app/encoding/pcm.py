"""Bare samples: mono signed 16-bit little-endian, at the engine's rate."""


class PcmEncoder:
    """See `app.encoding.encoder.Encoder`."""

    def feed(self, pcm: bytes) -> bytes:
        return pcm

    def finish(self) -> bytes:
        return b""
