"""Three real Gradio processes behind a balancer that gives every connection to the next one."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.gradio_end_to_end.forward import pour

NAMES = ("one", "two", "three")
_ROOT = Path(__file__).parents[3]
_APP = Path(__file__).with_name("small_app.py")


class RoundRobin:
    """LVS with `rr`, for TCP connections on loopback; nodes that are down are left out, as health
    checks do."""

    def __init__(self, ports: list[int], port: int = 0) -> None:
        """Balance what comes to `port`, or to a free one, over `ports`."""
        self.ports = ports
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        served = asyncio.run_coroutine_threadsafe(self._serve(port), self._loop)
        self.port = served.result(30)

    async def _serve(self, port: int) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        own: int = self._server.sockets[0].getsockname()[1]
        return own

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for _ in self.ports:
                port = self.ports[next(self._turn) % len(self.ports)]
                with contextlib.suppress(OSError):
                    theirs = await asyncio.open_connection("127.0.0.1", port)
                    break
            else:
                return
            one_way = [pour(reader, theirs[1]), pour(theirs[0], writer)]
            await asyncio.gather(*one_way, return_exceptions=True)
        finally:
            writer.close()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def close_connections(self) -> None:
        """All there are; new ones are taken."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        await self._cut()

    async def _cut(self) -> None:
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


class Nodes:
    """The processes, and the balancer's address as `url`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._kept = {name: keep_port() for name in NAMES}
        self.ports = {name: kept.getsockname()[1] for name, kept in self._kept.items()}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        self._options = options
        self.balancer = RoundRobin(list(self.ports.values()))
        self.url = f"http://127.0.0.1:{self.balancer.port}"
        for name in NAMES:
            self.start(name)

    def start(self, name: str, release: str = "one") -> None:
        peers = ",".join(f"{peer}={self.own_url(peer)}" for peer in NAMES)
        self.processes[name] = subprocess.Popen(
            [sys.executable, str(_APP), name, str(self.ports[name]), peers, *self._options],
            cwd=_ROOT,
            env=os.environ
            | {
                "PYTHONPATH": str(_ROOT),
                "RELEASE": release,
                "GRADIO_TEMP_DIR": str(self._folder),
                "GRADIO_ANALYTICS_ENABLED": "False",
            },
        )

    def own_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.own_url(name)}/healthz", timeout=30).status_code == 200:
                    return
            time.sleep(0.2)
        raise TimeoutError(f"{name} does not answer")

    def restart(self, name: str, release: str = "one") -> None:
        self.kill(name)
        self.start(name, release)
        self.wait_for(name)

    def drain(self, name: str) -> None:
        """Returns when all nodes know."""
        (self._folder / f"draining-{name}").touch()
        self.agree()

    def undrain(self, name: str) -> None:
        """Returns when all nodes know."""
        (self._folder / f"draining-{name}").unlink()
        self.agree()

    def agree(self) -> None:
        """Returns when all that run know which run, and which of them take sessions."""
        deadline = time.monotonic() + 60
        while not self._agree():
            assert time.monotonic() < deadline, "the nodes have not heard of each other"
            time.sleep(0.1)

    def _agree(self) -> bool:
        said = {name: self.heard(name) for name in NAMES if self.processes[name].poll() is None}
        return all(one and _knows(name, one, said) for name, one in said.items())

    def heard(self, name: str) -> dict[str, Any]:
        """The state of a node by its own account; nothing if it does not answer."""
        try:
            answer = httpx.get(f"{self.own_url(name)}/heard", timeout=30)
        except httpx.HTTPError:
            return {}
        return dict(answer.raise_for_status().json())

    def send(self, name: str, number: int) -> None:
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(60)

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait(60)
        self.balancer.close()
        for kept in self._kept.values():
            kept.close()


@contextlib.contextmanager
def running_nodes(folder: Path, *options: str) -> Iterator[Nodes]:
    """Start the nodes, which know of each other from then on, and end them."""
    nodes = Nodes(folder, *options)
    try:
        for name in NAMES:
            nodes.wait_for(name)
        nodes.agree()
        yield nodes
    finally:
        nodes.close()


def _knows(name: str, one: dict[str, Any], all_say: dict[str, dict[str, Any]]) -> bool:
    others = {other: said for other, said in all_say.items() if other != name}
    return set(one["live"]) == {name, *others} and all(
        said
        and one["processes"][other] == said["process"]
        and (other in one["ready"]) == said["is_ready"]
        for other, said in others.items()
    )


def keep_port() -> socket.socket:
    """A port that nobody else gets until this is closed. It refuses connections, but whoever sets
    SO_REUSEPORT may listen on it."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [listener.getsockname()[1] for listener in listeners]
