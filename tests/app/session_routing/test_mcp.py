"""Gradio's MCP server through a balancer without any stickiness, with MCP's own client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Any

import httpx
import pytest
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent

from tests.app.session_routing.cluster import NAMES, Nodes, running_nodes

_SESSIONS = 12
Opened = Callable[[str], AbstractAsyncContextManager[ClientSession]]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("gradio")
    with running_nodes(folder, "--mcp") as started, _one_call_running_on_each(started):
        yield started


@contextmanager
def _one_call_running_on_each(nodes: Nodes) -> Iterator[None]:
    """Keep the one session that a node's MCP server has with its page from ever being idle.

    Gradio 6.31 ends a session's stream after its last job, and its client fails the job that it has
    sent meanwhile (`CancelledError`, whose text is empty): some 2 of 1000 calls from three threads,
    on one process without session routing too.
    """
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "long", "arguments": {"seconds": 3600}},
    }
    headers = {
        "accept": "application/json, text/event-stream",
        # The MCP server asks its page by the name that its first call came by.
        "host": httpx.URL(nodes.url).netloc.decode(),
    }
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=60))
        for name in NAMES:
            where = f"{nodes.own_url(name)}/gradio_api/mcp/"
            call = client.stream("POST", where, json=message, headers=headers)
            stack.enter_context(call).raise_for_status()
        deadline = time.monotonic() + 60
        while sum(nodes.heard(name).get("jobs", 0) for name in NAMES) < len(NAMES):
            assert time.monotonic() < deadline, "the calls have not begun"
            time.sleep(0.1)
        yield


@asynccontextmanager
async def _by_http(url: str) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{url}/gradio_api/mcp/") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def _by_events(url: str) -> AsyncIterator[ClientSession]:
    async with (
        sse_client(f"{url}/gradio_api/mcp/sse") as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


async def _said(session: ClientSession, tool: str, **arguments: Any) -> str:
    told = await session.call_tool(tool, arguments)
    assert not told.isError, told
    content = told.content[0]
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("opened", [_by_http, _by_events])
def test_no_session_fails(nodes: Nodes, opened: Opened) -> None:
    async def one(number: int) -> str:
        async with opened(nodes.url) as session:
            tools = {tool.name for tool in (await session.list_tools()).tools}
            assert {"greet", "slow", "write"} <= tools
            heard = await _said(session, "slow", text=f"第{number}位")
            assert heard.startswith(f"第{number}位 5 by ")
            link = await _said(session, "write", text="写")
            async with httpx.AsyncClient(timeout=30) as client:
                written = await client.get(link.rpartition(" ")[2])
            assert written.text.startswith("写 by ")
            return heard.rpartition(" ")[2]

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*map(one, range(_SESSIONS)))

    # Gradio's MCP server on each node is one client, with one session that owns all its calls.
    assert set(asyncio.run(all_at_once())) <= set(NAMES)


def test_a_message_of_no_session_is_refused(nodes: Nodes) -> None:
    """As one node does it, wherever the message lands."""
    where = f"{nodes.url}/gradio_api/mcp/messages/"
    gone = "0123456789abcdef0123456789abcdef"
    message = {"jsonrpc": "2.0", "method": "ping", "id": 1}
    answer = httpx.post(where, params={"session_id": gone}, json=message, timeout=30)
    assert answer.status_code == 404
