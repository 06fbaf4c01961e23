"""A demo's nodes, and a balancer before them.

In the environment END_TO_END_COLUMN is one, routed, alone or vip; GRADIO_SERVER_PORT is the
balancer's port, on loopback. With vip, END_TO_END_VIP is what that leads to, and END_TO_END_HOST
the nodes' address.
"""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import time
from pathlib import Path

import httpx

from benchmarks.gradio_end_to_end import behind_vip, node
from benchmarks.gradio_end_to_end.forward import forward
from tests.app.session_routing.cluster import RoundRobin, free_ports

NAMES = ("one", "two", "three")
_START_TIMEOUT = 80.0
_fork = multiprocessing.get_context("fork")


def launch(demo: Path, until: socket.socket) -> None:
    """Serve `demo` until the other end of `until` is closed. Says what the tests wait for.

    Raises TimeoutError when a node does not come up.
    """
    column = os.environ["END_TO_END_COLUMN"]
    names = NAMES[:1] if column == "one" else NAMES
    vip = os.environ["END_TO_END_VIP"] if column == "vip" else None
    host = os.environ["END_TO_END_HOST"] if vip else "127.0.0.1"
    ports = behind_vip.NODES if vip else dict(zip(names, free_ports(len(names)), strict=True))
    urls = {name: f"http://{host}:{port}" for name, port in ports.items()}
    routed = urls if column in ("routed", "vip") else None
    for name, port in ports.items():
        words = (name, host, port, demo.resolve(), routed)
        _fork.Process(target=_node, args=words, daemon=True).start()
    for url in urls.values():
        _wait_for(url)
    if routed:
        # Until all have heard of each other.
        time.sleep(1)
    port = int(os.environ["GRADIO_SERVER_PORT"])
    if vip:
        way = ("127.0.0.1", port, vip, behind_vip.PORT)
        _fork.Process(target=_to_vip, args=way, daemon=True).start()
        _wait_for(f"http://127.0.0.1:{port}")
    else:
        RoundRobin(list(ports.values()), port)
    print(f"Running on local URL: http://127.0.0.1:{port}", flush=True)
    until.recv(1)


def _to_vip(host: str, port: int, vip: str, vip_port: int) -> None:
    asyncio.run(forward(host, port, vip, vip_port))


def _node(name: str, host: str, port: int, demo: Path, routed: dict[str, str] | None) -> None:
    # Examples that a node has worked out are its own, as on machines apart.
    os.environ["GRADIO_EXAMPLES_CACHE"] += f"/{name}"
    node.serve(name, host, port, demo, routed)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            httpx.head(f"{url}/gradio_api/app_id", timeout=5)
            return
        time.sleep(0.2)
    raise TimeoutError(f"nothing answers at {url}")
