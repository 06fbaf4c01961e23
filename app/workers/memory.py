"""Memory: what a process holds, what the machine has left, and errors that mean there is none."""

import os
from pathlib import Path

# torch.OutOfMemoryError, torch.cuda.OutOfMemoryError and what other runtimes call theirs; by
# name, so that nobody has to import them to ask.
_TYPES = frozenset({"OutOfMemoryError", "MemoryError", "CudaOutOfMemoryError"})
# For runtimes that raise a plain RuntimeError.
_MESSAGES = (
    "cuda out of memory",
    "cuda error: out of memory",
    "cudaerrormemoryallocation",
    "cublas_status_alloc_failed",
    "failed to allocate memory for requested buffer",
    "bfcarena::allocaterawinternal",
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Tell whether an exception, or one it was raised from, reports used-up memory."""
    while error is not None:
        names = {kind.__name__ for kind in type(error).__mro__}
        said = str(error).lower()
        if names & _TYPES or any(message in said for message in _MESSAGES):
            return True
        error = error.__cause__ or error.__context__
    return False


def own_bytes(pid: int) -> int:
    """Bytes of main memory that are this process's alone to answer for; 0 if it has ended.

    Files mapped into memory, such as weights, are not counted: the system takes their pages
    back when it needs them (proc(5), RssAnon and RssShmem).
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return sum(_kibibytes(found.get(name, "0 kB")) for name in ("RssAnon", "RssShmem"))


def available_bytes() -> int:
    """Bytes of main memory that a new process can have without swapping (proc(5))."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return min(_kibibytes(found["MemAvailable"]), _group_left())


def _kibibytes(text: str) -> int:
    return int(text.split()[0]) * 1024


def _group_left() -> int:
    """Bytes left to this process's control group (cgroup v2); very many where it has no limit."""
    unlimited = 1 << 62
    try:
        place = Path("/proc/self/cgroup").read_text(encoding="utf-8").rpartition("::")[2].strip()
        group = Path("/sys/fs/cgroup") / place.lstrip(os.sep)
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = (group / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return unlimited
    return unlimited if limit == "max" else max(0, int(limit) - int(used))
