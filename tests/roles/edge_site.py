"""An edge as it is rendered, on the Nginx that is installed here, in front of stand-in nodes."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioning.model.derived.nodes import all_nodes
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.places import EDGE_NODES, EDGE_PROGRAM, EDGE_RUN, NGINX_CONF
from provisioning.resources.file import File
from provisioning.roles.desired import desired_hosts
from tests.ports import free_port

SEED_JOB = "/AIVoice/TTS/CosyVoice2/audio-generate"
OTHERS_SHARE = 65535
"""A client's share that is no limit."""


@dataclass
class Reply:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class StandIn:
    """A node: counts its jobs, and does with them what the test says."""

    port: int
    seconds: float = 0.0
    """Of a job."""
    slots: int = 10_000
    """Jobs at a time; more wait in line."""
    answer: bytes = b'{"code": "200", "message": "\xe6\x88\x90\xe5\x8a\x9f"}'
    code: int = 200
    hold: asyncio.Event | None = None
    """Jobs end when it is set."""
    drop: bool = False
    """It dies in the midst of each job."""
    ready: bool = True
    taken: int = 0
    """Requests that it has now."""
    most: int = 0
    ran: Counter[str] = field(default_factory=Counter)
    """Times that each job was begun, by the client's word for it."""
    heads: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _line: asyncio.Semaphore | None = None

    async def start(self) -> None:
        self._line = asyncio.Semaphore(self.slots)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def kill(self) -> None:
        """As a node that loses its power: nothing is answered any more."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._request(reader, writer):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = _headers(head)
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.heads.append(head)
        if head.startswith("GET /cluster/status"):
            writer.write(_reply(200, json.dumps(self._status()).encode()))
            return True
        if not head.startswith("POST"):
            writer.write(_reply(self.code, self.answer))
            return True
        self.taken += 1
        self.most = max(self.most, self.taken)
        self.ran[headers.get("x-job", "")] += 1
        try:
            await self._work()
        finally:
            self.taken -= 1
        if self.drop:
            writer.transport.abort()
            return False
        writer.write(_reply(self.code, self.answer))
        await writer.drain()
        return True

    async def _work(self) -> None:
        assert self._line is not None
        async with self._line:
            if self.hold is not None:
                await self.hold.wait()
            await asyncio.sleep(self.seconds)

    def _status(self) -> dict[str, object]:
        busy = min(self.taken, self.slots)
        return {
            "ready": self.ready,
            "reason": "" if self.ready else "loading",
            "capacity": 4,
            "jobs": {"running": busy, "waiting": self.taken - busy},
        }


def _headers(head: str) -> dict[str, str]:
    lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
    return {name.lower(): value.strip() for name, _, value in lines}


def _reply(code: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


class Site:
    """An edge below a folder of its own, with its three nodes of four slots."""

    def __init__(self, inventory: Inventory, runtime: Runtime | None = None) -> None:
        # A socket's path has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="edge-", dir="/var/tmp"))
        self.port = free_port()
        self.run = self.folder / "run"
        self.run.mkdir()
        self.ports = [free_port() for _ in all_nodes(inventory)]
        self.nodes = [StandIn(port) for port in self.ports]
        self.inventory = inventory
        self.conf, self.nodes_file = self.folder / "nginx.conf", self.folder / "nodes"
        self.write(inventory, runtime or Runtime())
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, inventory: Inventory, runtime: Runtime) -> None:
        """The configuration as it would land on the first edge."""
        assert inventory.edges is not None
        name = next(iter(inventory.edges.hosts))
        found = {
            one.path: one.content
            for one in desired_hosts(inventory, None, runtime)[name].resources
            if isinstance(one, File)
        }
        self.conf.write_text(self._here(found[NGINX_CONF]), encoding="utf-8")
        self.nodes_file.write_text(self._here(found[EDGE_NODES]), encoding="utf-8")
        self.program = self.folder / "cosyvoice-edge"
        self.program.write_text(found[EDGE_PROGRAM], encoding="utf-8")

    def _here(self, text: str) -> str:
        assert self.inventory.edges is not None
        hosts = self.inventory.real_servers.hosts
        for node, port in zip(all_nodes(self.inventory), self.ports, strict=True):
            there = f"{hosts[node.host].address}:{node.port}"
            text = text.replace(there, f"127.0.0.1:{port}")
        for theirs, ours in {
            EDGE_RUN: str(self.run),
            "/run/nginx.pid": str(self.folder / "pid"),
            "/var/log/nginx": str(self.folder),
            "user www-data;": "user root;",
            f"listen {self.inventory.edges.port}": f"listen 127.0.0.1:{self.port}",
            "worker_processes auto": "worker_processes 4",
        }.items():
            text = text.replace(theirs, ours)
        return text

    async def start(self) -> None:
        for node in self.nodes:
            await node.start()
        self._process = subprocess.Popen(
            ["nginx", "-c", str(self.conf), "-g", "daemon off;"],
            env={"PATH": f"/usr/sbin:{os.environ['PATH']}"},
        )
        await until(self.listens)

    def listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self.log
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    @property
    def log(self) -> str:
        return (self.folder / "cosyvoice.log").read_text(encoding="utf-8")

    @property
    def records(self) -> list[str]:
        path = self.folder / "cosyvoice-requests.log"
        return path.read_text(encoding="utf-8").splitlines()

    def workers(self) -> set[str]:
        assert self._process is not None
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        return set(Path(children).read_text().split())

    async def reload(self) -> None:
        """As after a deploy: new workers serve, old ones answer what they have."""
        assert self._process is not None
        old = self.workers()
        self._process.send_signal(signal.SIGHUP)
        await until(lambda: len(self.workers() - old) == 4 and not any(map(_accepts, old)))

    async def stop_nginx(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait, 30)

    async def stop(self) -> None:
        await self.stop_nginx()
        for node in self.nodes:
            await node.kill()
        shutil.rmtree(self.folder)

    async def ask(
        self,
        path: str = SEED_JOB,
        *,
        method: str = "POST",
        body: bytes = b"{}",
        client: int = 1,
        job: str = "",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request by a client of an address of its own."""
        given = {"X-Job": job, "Content-Length": str(len(body)), **(headers or {})}
        reader, writer = await self.connected(client)
        try:
            writer.write(_head(method, path, given) + body)
            # Rather a failure than a test that hangs.
            async with asyncio.timeout(60):
                return await read_reply(reader)
        finally:
            writer.close()

    async def connected(self, client: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        own = (f"127.0.{client // 250}.{client % 250 + 1}", 0)
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=own)

    @property
    def most(self) -> list[int]:
        """The most jobs that each node ever had at a time."""
        return [node.most for node in self.nodes]

    @property
    def ran(self) -> Counter[str]:
        """Times that each job was begun anywhere."""
        return sum((node.ran for node in self.nodes), Counter())


def _head(method: str, path: str, headers: dict[str, str]) -> bytes:
    given = {"Host": "edge", "Connection": "close", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    return Reply(int(head.split()[1]), _headers(head), await reader.read())


def _accepts(worker: str) -> bool:
    """Tell whether a worker takes connections; one that ends says so, as its name."""
    with contextlib.suppress(OSError):
        title = Path(f"/proc/{worker}/cmdline").read_text()
        return bool(title) and "shutting down" not in title
    return False


async def until(true: Any, seconds: float = 30) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(inventory: Inventory, runtime: Runtime | None = None) -> AsyncIterator[Site]:
    """It serves."""
    site = Site(inventory, runtime)
    try:
        await site.start()
        yield site
    finally:
        await site.stop()
