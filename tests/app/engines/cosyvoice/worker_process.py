"""A worker process, spoken to as the web process does, one message after the other."""

import contextlib
import hashlib
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engines.interface import SynthesisRequest
from app.workers import frames
from app.workers.frames import Frame
from app.workers.job import Job
from app.workers.sound_memory import SoundReader
from app.workers.worker import WorkerCommand
from tests.app.node_process import ROOT


@dataclass(frozen=True)
class Answer:
    """What a job came to."""

    ending: Frame
    pieces: list[bytes]

    @property
    def pcm(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def digest(self) -> str:
        """To compare by: a difference of megabytes would take minutes to print."""
        return hashlib.sha256(self.pcm).hexdigest()

    @property
    def samples(self) -> NDArray[np.int16]:
        return np.frombuffer(self.pcm, "<i2")

    @property
    def seconds(self) -> float:
        return len(self.samples) / 24000


@dataclass
class WorkerProcess:
    """A running worker."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    sound: SoundReader

    def expect_ready(self) -> None:
        frame = self.receive()
        assert frame.kind == "ready", frame

    def receive(self) -> Frame:
        frame = frames.receive(self.connection)
        assert frame is not None, "the worker ended"
        return frame

    def begin(self, request: SynthesisRequest) -> None:
        self.connection.sendall(Job("request", request).frame().encoded())
        assert self.receive().kind == "started"

    def cancel(self) -> None:
        self.connection.sendall(Frame("cancel", {}).encoded())

    def rest(self) -> Answer:
        pieces = []
        while (frame := self.receive()).kind == "audio":
            self.sound.reaches(int(str(frame.fields["end"])))
            pieces.append(self.sound.take())
        self.sound.clear()
        return Answer(frame, pieces)

    def answer(self, request: SynthesisRequest) -> Answer:
        self.begin(request)
        return self.rest()


@contextlib.contextmanager
def worker(engine: str, environment: dict[str, str]) -> Iterator[WorkerProcess]:
    """A worker of `engine`; its `ready` or `unavailable` is yet to be received."""
    sound = SoundReader()
    ours, theirs = socket.socketpair()
    clean = {name: v for name, v in os.environ.items() if not name.startswith("COSYVOICE_")}
    with ours:
        with theirs:
            inherited = (theirs.fileno(), sound.descriptor)
            process = subprocess.Popen(
                WorkerCommand(engine, "rs1", "warning").arguments(*inherited),
                cwd=ROOT,
                env=clean | environment | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                pass_fds=inherited,
            )
        ours.settimeout(240)
        try:
            yield WorkerProcess(process, ours, sound)
        finally:
            process.kill()
            process.wait()
