"""Memory that is kept, in a process of its own."""

import subprocess
import sys

import pytest

_FAULTS = """
import resource
import numpy as np
from app.host.heap import keep_freed_memory

{first}
def text():
    return [np.ones(400_000, np.float32) for _ in range(4)]

text()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    text()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(first: str) -> int:
    code = _FAULTS.format(first=first)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_freed_memory_serves_the_next_text() -> None:
    without = faults("")
    if without < 1000:
        pytest.skip("this C library keeps freed memory by itself")
    assert faults("keep_freed_memory()") < without / 10


_HEAPS = """
import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from app.host.heap import keep_freed_memory

{first}
together = Barrier(4)

def hold(_):
    together.wait()
    held = bytearray(1 << 14)
    together.wait()
    return held

with ThreadPoolExecutor(4) as pool:
    list(pool.map(hold, range(4)))
library = ctypes.CDLL(None)
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""


def heaps(first: str) -> int:
    code = _HEAPS.format(first=first)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


def test_threads_share_one_heap() -> None:
    if heaps("") < 2:
        pytest.skip("this C library gives threads no heaps of their own")
    assert heaps("keep_freed_memory()") == 1


_SEEN = """
import gc
from app.host.heap import keep_what_is_there

kept = [{} for _ in range(1000)]
keep_what_is_there()
print(any(found is kept for found in gc.get_objects()), gc.get_freeze_count() > 1000)
"""


def test_what_is_there_is_not_looked_at_again() -> None:
    done = subprocess.run([sys.executable, "-c", _SEEN], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
