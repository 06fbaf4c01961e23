"""Metrics and the node's state are told at its own address alone."""

import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge

from app.api import health, metrics
from app.node import Node

_VIP = "127.0.0.2"


async def _refresh() -> None:
    """There is nothing to look at."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server with the routes, at all addresses of this host."""
    looked = SimpleNamespace(refresh=_refresh)
    settings = SimpleNamespace(virtual_ips=(ip_address(_VIP),))
    settings.node_name = "rs1"
    node: Any = SimpleNamespace(gpus=looked, certificate=looked, settings=settings)
    node.status = lambda: {"node": "rs1"}
    registry = CollectorRegistry()
    Gauge("cosyvoice_ready", "Ready.", registry=registry)
    web = FastAPI()
    web.include_router(metrics.routes(cast(Node, node), registry))
    web.include_router(health.routes(cast(Node, node)))
    config = uvicorn.Config(web, host="0.0.0.0", port=0, log_level="error")  # nosec B104
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize(
    ("path", "said"), [("/metrics", "cosyvoice_ready 0.0"), ("/cluster/status", '{"node":"rs1"}')]
)
def test_the_virtual_ip_does_not_tell_them(port: int, path: str, said: str) -> None:
    own = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
    assert (own.status_code, said in own.text) == (200, True)
    # Whatever name or address it is asked by.
    for host in (f"{_VIP}:{port}", "127.0.0.1"):
        headers = {"Host": host}
        refused = httpx.get(f"http://{_VIP}:{port}{path}", headers=headers, trust_env=False)
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "not_here"


def test_the_virtual_ip_says_that_it_is_alive(port: int) -> None:
    said = httpx.get(f"http://{_VIP}:{port}/healthz", trust_env=False)
    assert (said.status_code, said.json()["node"]) == (200, "rs1")
