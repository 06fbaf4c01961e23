"""A real node for tests: the app on loopback, from an unpacked release folder."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).with_name("plugins")
RELEASE = "20261121-test"


@dataclass
class NodeProcess:
    """A running node."""

    process: subprocess.Popen[str]
    outputs: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    url: str = ""

    def client(self, timeout: float = 60) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        with self.client() as client:
            return client.get(path)

    def speak(self, **body: Any) -> httpx.Response:
        """A finished WAV file, unless the body says otherwise."""
        usual = {"model": "tts-1", "response_format": "wav", "stream": False}
        with self.client() as client:
            return client.post("/v1/audio/speech", json=usual | body)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/cluster/status").json()
        return found

    def wait_ready(self, seconds: float = 60) -> None:
        self.wait_until(self.ready, seconds)

    def ready(self) -> bool:
        return self.get("/readyz").status_code == 200

    def wait_until(self, condition: Any, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {self.raw[-5:]}"
            time.sleep(0.05)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def read_log(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.raw.append(line)
            with contextlib.suppress(ValueError):
                found = json.loads(line)
                self.lines.append(found)
                if str(found.get("message", "")).startswith("serving on"):
                    self.url = f"http://127.0.0.1:{found['message'].split()[-1]}"


def unpack(folder: Path) -> Path:
    """The app alone, as a deploy unpacks it; compiled, where that is done here."""
    release = folder / "releases" / RELEASE
    package = release / "cosyvoice_cluster"
    shutil.copytree(ROOT / "app", package / "app")
    (package / "__init__.py").touch()
    return release


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[NodeProcess]:
    """A node with its own folders below `folder`; ended at the end, by force if need be."""
    release = folder / "releases" / RELEASE
    if not release.exists():
        unpack(folder)
    command = [sys.executable, "-m", "cosyvoice_cluster.app"]
    with started(command, release, folder, *arguments, **environment) as node:
        yield node


@contextlib.contextmanager
def started(
    command: list[str], cwd: Path, folder: Path, *arguments: str, **environment: str
) -> Iterator[NodeProcess]:
    """The same, started in a way of one's own."""
    outputs = folder / "outputs"
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COSYVOICE_", "GRADIO_"))}
    process = subprocess.Popen(
        [*command, "--port", "0", "--output-dir", str(outputs), *arguments],
        cwd=cwd,
        env=clean
        | {"PYTHONPATH": str(PLUGINS), "STATE_DIRECTORY": str(folder / "state")}
        # Whatever else this machine has: eSpeak NG is quick.
        | {"COSYVOICE_ENGINE": "espeak"}
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    node = NodeProcess(process, outputs)
    reader = threading.Thread(target=node.read_log, daemon=True)
    reader.start()
    try:
        node.wait_until(lambda: node.url or process.poll() is not None, 150)
        assert node.url, "".join(node.raw)
        yield node
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
