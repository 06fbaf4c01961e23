"""SIGTERM: no new work, accepted work is finished, exit with 0, nothing left behind."""

import concurrent.futures
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from app.server import LAST_WORDS
from tests.app.held import Held
from tests.app.node_process import ROOT, NodeProcess, running
from tests.app.patient_client import patient_client
from tests.processes import lives, wait_until_gone


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_a_node_drains_and_exits_with_0(tmp_path: Path, server: str) -> None:
    arguments = ("--engine", "faulty", "--enable-queue", "--job-timeout", "60", "--server", server)
    with (
        running(tmp_path, *arguments) as node,
        concurrent.futures.ThreadPoolExecutor(4) as threads,
        Held(tmp_path) as held,
    ):
        node.wait_ready()
        workers = [worker["pid"] for worker in node.status()["workers"]]
        page = patient_client(node.url, download_files=tmp_path / "downloads")
        jobs = [threads.submit(node.speak, input=held.text) for _ in range(2)]
        # Before that, a click would find the worker free, and end.
        node.wait_until(lambda: _has(node, running=1, waiting=1))
        # One more for the workers' line, one for the page's own.
        clicks = [page.submit("slow 0.5", api_name="/synthesize") for _ in range(2)]
        node.wait_until(lambda: _has(node, running=1, waiting=3))
        opened = _open_event_stream(node)
        node.terminate()
        node.wait_until(lambda: node.get("/readyz").status_code == 503)
        assert node.get("/readyz").json()["reason"] == "draining"
        refused = node.speak(input="hello")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
        assert "retry-after" in refused.headers
        held.let_go()
        assert [job.result().status_code for job in jobs] == [200, 200]
        assert all(Path(click.result(60)[0]).stat().st_size > 1000 for click in clicks)
        # The open page would keep it for ever.
        assert node.process.wait(60) == 0
        assert opened.is_set()
    for pid in workers:
        wait_until_gone(pid)
    assert not any("Traceback" in line for line in node.raw), "".join(node.raw)


def test_sound_that_is_heard_more_slowly_than_it_was_made_is_heard_to_its_end(
    tmp_path: Path,
) -> None:
    # More than sockets take by themselves.
    seconds = 1500
    body = {"model": "tts-1", "input": f"long {seconds}", "response_format": "wav"}
    with (
        running(tmp_path, "--engine", "faulty") as node,
        node.client() as client,
    ):
        node.wait_ready()
        with client.stream("POST", "/v1/audio/speech", json=body) as answer:
            sound = answer.iter_bytes()
            heard = len(next(sound))
            node.wait_until(lambda: _has(node, running=0, done=1))
            node.terminate()
            node.wait_until(lambda: node.get("/readyz").status_code == 503)
            # Longer than its last words are.
            time.sleep(LAST_WORDS)
            heard += sum(map(len, sound))
        assert heard > seconds * 8000 * 2
        assert node.process.wait(60) == 0


def _has(node: NodeProcess, **jobs: int) -> bool:
    return bool(jobs.items() <= node.status()["jobs"].items())


def _open_event_stream(node: NodeProcess) -> threading.Event:
    """A page that is open somewhere: its heartbeat never ends by itself."""
    opened = threading.Event()

    def listen() -> None:
        try:
            with (
                node.client() as client,
                client.stream("GET", "/gradio_api/heartbeat/abc") as answer,
            ):
                opened.set()
                for _ in answer.iter_bytes():
                    pass
        except httpx.HTTPError:
            pass

    threading.Thread(target=listen, daemon=True).start()
    assert opened.wait(30)
    return opened


_PARENT = """
import asyncio
from tests.app.workers.pool.test_pool import COMMAND
from app.workers.pool.pool import Pool
from app.workers.pool.size import PoolSize

async def main():
    pool = Pool(COMMAND, PoolSize(1, 1, 60, 30))
    pool.start()
    while pool.not_ready:
        await asyncio.sleep(0.01)
    print(pool.slots[0].worker.pid, flush=True)
    from tests.app.workers.pool.test_pool import speak
    await speak(pool, "hang")

asyncio.run(main())
"""


@pytest.mark.usefixtures("plugins")
def test_a_worker_dies_with_a_killed_web_process_even_in_a_job() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    time.sleep(0.5)
    assert lives(pid)
    parent.kill()
    parent.wait()
    wait_until_gone(pid)
