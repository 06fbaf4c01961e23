"""The file in memory through which a worker's sound comes."""

import os
import socket
from collections.abc import Iterator

import numpy as np

from app.engines.interface import SynthesisRequest
from app.sound.samples import Samples
from app.workers import frames, main
from app.workers.job import Job
from app.workers.sound_memory import SoundReader, SoundWriter


def test_what_is_written_is_taken_once_and_in_order() -> None:
    reader = SoundReader()
    writer = SoundWriter(reader.descriptor)
    for job in (b"first", b"second job"):
        writer.begin()
        reader.reaches(writer.write(job))
        assert reader.unread
        reader.reaches(writer.write(b" and more"))
        assert reader.take() == job + b" and more"
        assert not reader.unread
        assert reader.take() == b""
        reader.clear()
    reader.close()


def test_memory_of_a_long_job_goes_back_and_that_of_others_stays() -> None:
    reader = SoundReader()
    writer = SoundWriter(reader.descriptor)

    def kept(length: int) -> int:
        writer.begin()
        reader.reaches(writer.write(bytes(length)))
        assert len(reader.take()) == length
        reader.clear()
        return os.fstat(reader.descriptor).st_blocks * 512

    assert kept(64 << 20) <= 17 << 20
    assert kept(1 << 20) >= 1 << 20
    reader.close()


def test_what_a_dead_worker_said_can_still_be_taken() -> None:
    reader = SoundReader()
    writer = SoundWriter(os.dup(reader.descriptor))
    reader.reaches(writer.write(b"last words"))
    reader.close()
    assert reader.unread
    assert reader.take() == b"last words"
    assert reader.take() == b""
    reader.close()


def test_a_piece_without_sound_is_not_announced() -> None:
    class Hesitant:
        def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
            yield np.zeros(0, np.float32)
            yield np.full(10, 0.5, np.float32)

    reader = SoundReader()
    job = Job("one", SynthesisRequest("hi", "tone", 1.0, 1))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ending = main._speak(job, Hesitant(), theirs, SoundWriter(reader.descriptor))
        theirs.close()
        told = list(iter(lambda: frames.receive(ours), None))
    assert ending.kind == "done"
    assert [(frame.kind, frame.fields["end"]) for frame in told if frame] == [("audio", 20)]
    reader.close()
