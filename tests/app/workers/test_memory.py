"""What counts as used-up memory, and how much a process holds."""

import mmap
import os
from pathlib import Path

import pytest

from app.workers import memory

OutOfMemoryError = type("OutOfMemoryError", (RuntimeError,), {"__module__": "torch"})


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("no text at all"),
        MemoryError(),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
    ],
)
def test_errors_that_tell_of_no_memory(error: Exception) -> None:
    assert memory.is_out_of_memory(error)
    wrapped = ValueError("could not speak")
    wrapped.__cause__ = error
    assert memory.is_out_of_memory(wrapped)


def test_other_errors() -> None:
    assert not memory.is_out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))
    assert not memory.is_out_of_memory(None)


def test_own_memory_grows_with_data_and_not_with_mapped_files(tmp_path: Path) -> None:
    size = 32 << 20
    file = tmp_path / "weights"
    file.write_bytes(bytes(size))
    before = memory.own_bytes(os.getpid())
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert sum(mapped[::4096]) == 0
        assert memory.own_bytes(os.getpid()) - before < size / 2
    # Pages of its own, for a heap may have this much free already and not grow.
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as data:
        data.write(b"x" * size)
        assert memory.own_bytes(os.getpid()) - before > size / 2


def test_a_process_that_has_ended_holds_nothing() -> None:
    assert memory.own_bytes(2**22 + 1) == 0


def test_a_machine_has_memory_left() -> None:
    assert 0 < memory.available_bytes() < 1 << 50
