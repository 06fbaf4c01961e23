"""A whole node whose file server is gone for as long as it likes: hard mounts hang on stat(2)."""

import concurrent.futures
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.audio.sounds import speech_like, write
from tests.app.dead_server import mortal, needs_fuse
from tests.app.node_process import PLUGINS, ROOT, NodeProcess, running
from tests.app.patient_client import patient_client

pytestmark = needs_fuse

_AT_ONCE = 3.0
"""Seconds that are "at once" on a machine that has other work."""
_THREADS_OF_THE_SHARE = 20
"""No more threads than these may ever hang: those of outputs, voices, uploads and the watch."""
_ARGUMENTS = ("--engine", "mimic", "--enable-queue", "--workers", "2")


@dataclass
class _Answers:
    """How long `/readyz` takes, asked for again and again."""

    node: NodeProcess
    slowest: float = 0
    wrong: list[str] = field(default_factory=list)
    asked: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "_Answers":
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.1):
            began = time.monotonic()
            try:
                with self.node.client(10) as client:
                    status = client.get("/readyz").status_code
                if status != 200:
                    self.wrong.append(str(status))
            except httpx.HTTPError as error:
                self.wrong.append(repr(error))
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - began)


def _speak(node: NodeProcess, **more: Any) -> str:
    """Speak and save; where the output is."""
    answer = node.speak(input="hello", save=True, **more)
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Output"]


def _upload(node: NodeProcess, path: Path) -> httpx.Response:
    with node.client() as client, path.open("rb") as file:
        return client.post("/gradio_api/upload", files={"files": (path.name, file)})


def _hanging(pid: int) -> list[int]:
    """The process's threads that wait for the dead server."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        # Waits in the kernel's FUSE, or for another look-up of the same name there.
        try:
            waits = (task / "wchan").read_text()
        except (FileNotFoundError, ProcessLookupError):
            # It has ended meanwhile.
            continue
        if waits in ("request_wait_answer", "d_alloc_parallel", "d_wait_lookup") or (
            "fuse" in waits
        ):
            found.append(int(task.name))
    return found


def _routes(folder: Path) -> list[tuple[str, str]]:
    folders = ("--output-dir", folder / "o", "--spool-dir", folder / "s")
    told = subprocess.run(
        [sys.executable, "-m", "tests.app.all_routes", *folders, *_ARGUMENTS],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{PLUGINS}"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [(method, path) for method, path in json.loads(told.splitlines()[-1])]


def _fills(output: Path, upload: Path) -> Iterator[str]:
    """What may stand in a route's place for a path: everything that leads to the share."""
    for path in (output, output.with_suffix(".json"), upload, output.parent / "nothing"):
        yield str(path)
        yield f"/proc/self/root{path}"
        yield f"{output.parent}/../{output.parent.name}/./{path.relative_to(output.parent)}"
    yield output.name
    yield str(output.parent)
    yield f"file://{output}"


def _requests(
    node: NodeProcess, routes: list[tuple[str, str]], output: Path, upload: Path
) -> list[dict[str, Any]]:
    """Every route with everything that could lead it to the share, and every event of the page."""
    queries = {"session_hash": "s", "upload_id": "u", "deep_link": "d" * 40, "url": str(output)}
    found = []
    for method, path in routes:
        fills = list(_fills(output, upload)) if "{" in path else [""]
        for fill in fills:
            # A function: a path in a replacement could look like a reference.
            url = re.sub(r"\{[^}]*\}", lambda _, fill=fill: fill, path)  # type: ignore[misc]
            request: dict[str, Any] = {"method": method, "url": url, "params": queries}
            if method == "POST" and url.endswith("/upload"):
                request["files"] = {"files": ("a.wav", b"RIFF" * 99)}
            elif method != "GET":
                file = {"path": fill or str(upload), "meta": {"_type": "gradio.FileData"}}
                request["json"] = {"data": [file], "input": "x", "model": "tts-1", "save": True}
            found.append(request)
    for event in node.get("/config").json()["dependencies"]:
        for path in _fills(output, upload):
            for value in ({"path": path, "meta": {"_type": "gradio.FileData"}}, path):
                body = {
                    "data": [value] * len(event["inputs"]),
                    "fn_index": event["id"],
                    "session_hash": "s",
                    "event_data": {"stem": output.stem, "recordings": [path], "file": value},
                }
                for url in ("/gradio_api/queue/join", "/gradio_api/run/predict"):
                    found.append({"method": "POST", "url": url, "json": body})
    return found


def _send_all(node: NodeProcess, requests: list[dict[str, Any]]) -> None:
    """Each may take as long as it likes, as an event stream does: nobody waits for it."""

    def send(request: dict[str, Any]) -> None:
        try:
            with node.client(1) as client, client.stream(**request) as answer:
                for _ in answer.iter_bytes():
                    break
        except httpx.HTTPError:
            pass

    random.shuffle(requests)
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        list(threads.map(send, requests))


@pytest.mark.long
def test_no_request_whatever_waits_for_a_dead_server(tmp_path: Path) -> None:
    recording = write(tmp_path / "voice.wav", speech_like(3.0))
    routes = _routes(tmp_path)
    with mortal(tmp_path / "outputs") as server, running(tmp_path, *_ARGUMENTS) as node:
        node.wait_ready()
        output = node.outputs / Path(_speak(node)).name
        upload = Path(_upload(node, recording).json()[0])
        assert upload.is_file() and upload.is_relative_to(node.outputs)
        requests = _requests(node, routes, output, upload)
        page = patient_client(node.url, download_files=tmp_path / "downloads")
        server.die()
        with _Answers(node) as ready:
            # From the very moment at which it dies, before anybody has noticed.
            _send_all(node, requests)
        assert not ready.wrong
        assert ready.asked > 20 and ready.slowest < _AT_ONCE
        hanging = _hanging(node.process.pid)
        assert 1 <= len(hanging) <= _THREADS_OF_THE_SHARE
        assert node.process.pid not in hanging, "the event loop's thread hangs"
        for path in ("/", "/config", "/gradio_api/info", "/metrics", "/theme.css", "/docs"):
            began = time.monotonic()
            assert node.get(path).status_code == 200, path
            assert time.monotonic() - began < _AT_ONCE, path
        saved = [_speak(node), _speak(node)]
        assert node.get(saved[0]).status_code == 200
        heard, facts = page.predict("hello", api_name="/synthesize")
        assert Path(heard).stat().st_size > 1000 and facts["duration"] > 0
        for refused in (node.get(f"/outputs/{output.name}"), _upload(node, recording)):
            assert refused.status_code == 507 and "no answer" in refused.text
            assert refused.elapsed.total_seconds() < _AT_ONCE
        server.revive()
        node.wait_until(lambda: node.status()["storage"]["spooled"] == 0, 30)
        assert node.get(f"/outputs/{output.name}").status_code == 200
        assert all((node.outputs / Path(path).name).is_file() for path in saved)
        assert node.get(f"/gradio_api/file={upload}").content == recording.read_bytes()
        node.wait_until(lambda: not _hanging(node.process.pid))
        assert not any("Traceback" in line and "TimeoutError" in line for line in node.raw)


def test_a_node_starts_speaks_and_ends_while_its_server_is_dead(tmp_path: Path) -> None:
    with mortal(tmp_path / "outputs") as server:
        server.die()
        with running(tmp_path, *_ARGUMENTS) as node:
            node.wait_ready()
            assert "does not work now: no answer in 10 s" in "".join(node.raw)
            assert node.get(_speak(node)).status_code == 200
            assert node.get("/").status_code == 200
            node.terminate()
            # Not before its server lives, if it waited for that.
            assert node.process.wait(30) == 0
