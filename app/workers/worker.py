"""A worker process as the web process sees it: start it, talk to it, end it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..errors import NodeError
from . import frames
from .causes import Cause
from .frames import Frame, FrameError
from .sound_memory import SoundReader

_log = logging.getLogger("app.worker")
_TOP = sys.modules[__package__.partition(".")[0]]
# The folder that holds the package, installed or just unpacked.
_ROOT = str(Path(_TOP.__path__[0]).resolve().parent)


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """Command line and environment of a node's workers."""

    engine: str
    node_name: str
    log_level: str
    log_file: Path | None = None
    log_texts: bool = False
    gpu: str | None = None
    """CUDA_VISIBLE_DEVICES of the worker; None is whatever this process has."""

    def environment(self) -> dict[str, str]:
        """The process's environment."""
        path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
        environment = os.environ | {"PYTHONPATH": path}
        if self.gpu is not None:
            # Numbers as nvidia-smi counts, not by speed.
            environment |= {"CUDA_VISIBLE_DEVICES": self.gpu, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
        return environment

    def arguments(self, connection: int, sound: int) -> list[str]:
        """The process's arguments, for inherited descriptors."""
        options = {
            "--connection": str(connection),
            "--sound": str(sound),
            "--parent": str(os.getpid()),
            "--engine": self.engine,
            "--node-name": self.node_name,
            "--log-level": self.log_level,
        }
        if self.log_file is not None:
            options["--log-file"] = str(self.log_file)
        pairs = [word for pair in options.items() for word in pair]
        flags = ["--log-texts"] if self.log_texts else []
        return [sys.executable, "-m", f"{__package__}.main", *pairs, *flags]


class WorkerGoneError(NodeError):
    """The worker process has ended."""


class Worker:
    """A running worker process. Use ``start``."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        sound: SoundReader,
    ) -> None:
        self._process = process
        self._sound = sound
        self._writer = writer
        self._killed = False
        self.end_cause = Cause.CRASH
        """Cause of its end, once it has ended."""
        self._why = ""
        self.jobs = 0
        """Jobs it was given."""
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        # A task of its own reads, so that a reader who gives up never leaves half a frame behind.
        self._pump = asyncio.create_task(self._read(reader))

    @classmethod
    async def start(cls, command: WorkerCommand) -> Self:
        """Start the process. Raises OSError when the system does not allow one more."""
        sound = SoundReader()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                inherited = (theirs.fileno(), sound.descriptor)
                process = await asyncio.create_subprocess_exec(
                    *command.arguments(*inherited),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=inherited,
                    env=command.environment(),
                )
        except BaseException:
            ours.close()
            raise
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            # Cancelled: nobody else knows of the process.
            process.kill()
            await process.wait()
            ours.close()
            raise
        return cls(process, reader, writer, sound)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs, as far as is known, and is meant to."""
        return self._process.returncode is None and not self._killed

    async def send(self, frame: Frame) -> None:
        """Send a message. One to a process that has just died is lost; ``receive`` will tell."""
        self._writer.write(frame.encoded())
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def receive(self, timeout: float) -> Frame:
        """The next message, where it is ``audio`` with all sound there is by now as its payload.

        Raises TimeoutError after ``timeout`` seconds, ``WorkerGoneError``.
        """
        async with asyncio.timeout(timeout):
            frame = await self._frames.get()
        if frame is None:
            # Whoever asks next must not wait for ever.
            self._frames.put_nowait(None)
            raise WorkerGoneError(self.end_told())
        if frame.kind == "audio":
            return Frame("audio", {}, self._sound.take())
        if frame.kind in frames.ENDINGS:
            self._sound.clear()
        return frame

    def kill(self, cause: Cause, why: str = "") -> None:
        """End the process at once (SIGKILL); unread output is dropped. ``why``
        is for people."""
        if self.alive:
            self.end_cause = cause
            self._why = why
            self._process.kill()
        self._killed = True
        self._pump.cancel()
        while not self._frames.empty():
            self._frames.get_nowait()
        self._frames.put_nowait(None)

    async def stop(self, patience: float, cause: Cause) -> None:
        """Let the process go: hang up, then kill it after ``patience`` seconds."""
        if self.alive:
            self.end_cause = cause
        self._writer.close()
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            self.kill(cause)
            await self._process.wait()

    async def wait(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    def end_told(self) -> str:
        """Describe how the process ended, or why."""
        if self._why:
            return self._why
        code = self._process.returncode
        if code is None:
            return "ended"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def _arrived(self, frame: Frame) -> None:
        if frame.kind == "audio":
            end = frame.fields.get("end")
            if not isinstance(end, int):
                raise FrameError(f"sound that ends at {end!r}")
            announced = self._sound.unread
            self._sound.reaches(end)
            if announced:
                # Whoever takes that takes this with it.
                return
        self._frames.put_nowait(frame)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while (frame := await frames.read(reader)) is not None:
                self._arrived(frame)
            # So that whoever is told of the end can also be told how it ended.
            await self._process.wait()
            self._frames.put_nowait(None)
        except FrameError as error:
            # Its messages can no longer be told apart: as good as dead.
            _log.error("worker %d: %s", self.pid, error)
            self.kill(Cause.PROTOCOL_ERROR)
        finally:
            self._writer.close()
            self._sound.close()
