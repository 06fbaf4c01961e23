"""The sound of a job on its way from worker to web process: a file in memory both have open.

What the worker writes it need not wait to have read, as it would with a socket, whose buffer holds
a fifth of a megabyte: so no worker stands still because the web process, or a client, is slow. The
socket carries how much there is.
"""

import os
import weakref

_KEPT = 16 << 20
"""Bytes of memory that stay with the file between jobs: fresh memory costs a page fault each 4 KiB.
"""


class SoundWriter:
    """The worker's end, of an inherited descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._end = 0

    @property
    def end(self) -> int:
        """Bytes of the job's sound."""
        return self._end

    def begin(self) -> None:
        """Begin the sound of a job."""
        self._end = 0

    def write(self, pcm: bytes) -> int:
        """Add to the job's sound (mono signed 16-bit little-endian); how many bytes there are now.
        Raises OSError: no memory left."""
        rest = memoryview(pcm)
        while rest:
            written = os.pwrite(self._descriptor, rest, self._end)
            self._end += written
            rest = rest[written:]
        return self._end


class SoundReader:
    """The web process's end. It makes the file, which is gone when both processes have ended."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("cosyvoice-speech", os.MFD_CLOEXEC)
        """For the worker to inherit."""
        self._begin = 0
        self._end = 0
        self._rest = b""
        self._close = weakref.finalize(self, os.close, self.descriptor)

    @property
    def unread(self) -> bool:
        """True if there is sound that was not taken."""
        return self._end > self._begin

    def reaches(self, end: int) -> None:
        """Note how many bytes there are, as the worker reports."""
        self._end = end

    def take(self) -> bytes:
        """Take the sound that was not taken yet."""
        pcm = self._from_file() if self._close.alive else self._rest
        self._begin = self._end
        self._rest = b""
        return pcm

    def clear(self) -> None:
        """Forget the sound of a finished job, and give back the memory of a long one."""
        if self._close.alive and self._end > _KEPT:
            os.ftruncate(self.descriptor, _KEPT)
        self._begin = self._end = 0

    def close(self) -> None:
        """Close the file of a worker that has ended; its sound can still be taken."""
        if self._close.alive:
            self._rest = self._from_file()
            self._close()

    def _from_file(self) -> bytes:
        return os.pread(self.descriptor, self._end - self._begin, self._begin)
