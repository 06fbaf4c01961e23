"""A node of the benchmark's own, on loopback."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx

_START = 300.0


@contextlib.contextmanager
def node(
    folder: Path,
    engine: str,
    workers: int,
    *,
    queue: int = 1000,
    release: Path | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[httpx.Client]:
    """A client of a queued node that has said it is ready; the node ends with the context. It is
    started from the folder `release`, else from this one, with `more` options."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COSYVOICE_", "GRADIO_"))}
    log = folder / f"node-{workers}.log"
    options = {
        "--port": "0",
        "--engine": engine,
        "--workers": str(workers),
        "--queue-size": str(queue),
        "--job-timeout": "300",
        "--output-dir": str(folder / "outputs"),
        "--log-level": "info",
        **more,
    }
    arguments = [word for pair in options.items() for word in pair]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "--enable-queue", *arguments],
            cwd=release,
            env=clean | {"STATE_DIRECTORY": str(folder / "state")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = _url(log, process)
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        with httpx.Client(base_url=url, timeout=300, limits=limits, trust_env=False) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.1)
            yield client
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _url(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Return where the node listens, by its own log."""
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                message = str(json.loads(line).get("message", ""))
                if message.startswith("serving on"):
                    return f"http://127.0.0.1:{message.split()[-1]}"
        time.sleep(0.1)
    sys.exit(f"the node did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")
