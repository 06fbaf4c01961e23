"""The file in memory through which a worker's sound comes."""

import os

from app.workers.sound import SoundReader, SoundWriter


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
