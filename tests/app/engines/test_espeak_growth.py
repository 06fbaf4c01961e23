"""eSpeak NG loses memory where a voice changes its language inside a text: its workers do not grow
for ever, and nobody notices that they are replaced."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.workers import memory
from tests.app.node_process import NodeProcess, running

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

MIXED = "The quick brown fox jumps over the lazy dog, and reads Latin letters. " * 6
JOBS = 1600
LIMIT = 256 << 20
"""The engine's own; nothing is said of it here."""


def workers(node: NodeProcess) -> list[int]:
    return [worker["pid"] for worker in node.status()["workers"] if worker.get("pid")]


def test_a_mandarin_voice_that_reads_latin_letters(tmp_path: Path) -> None:
    with running(tmp_path, "--engine", "espeak", "--enable-queue") as node:
        node.wait_ready()
        first = workers(node)
        usual = memory.own_bytes(first[0])

        def job(number: int) -> int:
            answer = node.speak(input=MIXED, voice="cmn", seed=number)
            assert answer.status_code == 200, answer.text
            return max((memory.own_bytes(pid) for pid in workers(node)), default=0)

        with ThreadPoolExecutor(2) as threads:
            most = max(threads.map(job, range(1, JOBS + 1)))
        assert workers(node) != first
    print(f"MEASURED {JOBS} jobs: a worker of {usual >> 20} MiB had {most >> 20} MiB at most")
    # A job or two more than the limit.
    assert LIMIT - (32 << 20) < most - usual < LIMIT + (32 << 20)
