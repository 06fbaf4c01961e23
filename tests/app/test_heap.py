"""Memory that is kept, in a process of its own."""

import subprocess
import sys

import pytest

_FAULTS = """
import resource
import numpy as np
from app.heap import keep_freed_memory

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


_SEEN = """
import gc
from app.heap import keep_what_is_there

kept = [{} for _ in range(1000)]
keep_what_is_there()
print(any(found is kept for found in gc.get_objects()), gc.get_freeze_count() > 1000)
"""


def test_what_is_there_is_not_looked_at_again() -> None:
    done = subprocess.run([sys.executable, "-c", _SEEN], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
