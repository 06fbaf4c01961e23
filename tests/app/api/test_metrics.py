"""Metrics are told at a node's own address alone."""

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

from app.api.metrics import routes
from app.node import Node

_VIP = "127.0.0.2"


async def _refresh() -> None:
    """There is nothing to look at."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server with the route, at all addresses of this host."""
    looked = SimpleNamespace(refresh=_refresh)
    settings = SimpleNamespace(virtual_ips=(ip_address(_VIP),))
    node: Any = SimpleNamespace(gpus=looked, certificate=looked, settings=settings)
    registry = CollectorRegistry()
    Gauge("cosyvoice_ready", "Ready.", registry=registry)
    web = FastAPI()
    web.include_router(routes(cast(Node, node), registry))
    config = uvicorn.Config(web, host="0.0.0.0", port=0, log_level="error")  # nosec B104
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def test_the_virtual_ip_does_not_tell_them(port: int) -> None:
    own = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
    assert (own.status_code, "cosyvoice_ready 0.0" in own.text) == (200, True)
    # Whatever name or address it is asked by.
    for host in (f"{_VIP}:{port}", "127.0.0.1"):
        headers = {"Host": host}
        refused = httpx.get(f"http://{_VIP}:{port}/metrics", headers=headers, trust_env=False)
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "not_here"
