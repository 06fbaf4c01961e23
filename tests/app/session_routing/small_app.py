"""A Gradio application of its own, with state, a queue, files and a slow event; and two lines.

    python small_app.py NAME PORT PEERS [--alone] [--auth] [--mcp] [--reconnect] [--again]

PEERS is NAME=URL,NAME=URL. With `--alone` it has no session routing, with `--auth` a login, with
`--mcp` Gradio's MCP server, with `--reconnect` a page that outlives its node, whose jobs may run
twice with `--again`. Its release is `RELEASE` of the environment; while there is a file
`draining-NAME` in Gradio's folder it takes no new sessions.
"""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.route_utils import MediaStream
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.session_routing import RECONNECT, Condition, Peer, SessionRouting

NAME, PORT, PEERS = sys.argv[1:4]


def greet(name: str, count: int) -> tuple[str, int]:
    return f"{name} by {NAME} {count + 1}", count + 1


async def slow(text: str) -> AsyncIterator[str]:
    for part in range(1, 6):
        await asyncio.sleep(0.1)
        yield f"{text} {part} by {NAME}"


async def long(seconds: float) -> AsyncIterator[str]:
    for part in range(int(seconds * 10)):
        yield f"{part} by {NAME}"
        await asyncio.sleep(0.1)


async def playlist(request: gr.Request) -> str:
    # As a component that streams its output leaves it, without an encoder.
    stream = MediaStream()
    await stream.add_segment({"data": NAME.encode(), "duration": 1.0, "extension": ".aac"})
    page.pending_streams[request.session_hash]["run"] = {1: stream}
    return NAME


def pushed(image: object) -> str:
    return NAME


def write(text: str) -> str:
    folder = tempfile.mkdtemp(dir=os.environ["GRADIO_TEMP_DIR"])
    path = Path(folder) / "words.txt"
    path.write_text(f"{text} by {NAME}")
    return str(path)


def read(path: str) -> str:
    return f"{Path(path).stat().st_size} bytes"


async def count_seconds(last: float) -> AsyncIterator[str]:
    for second in range(1, int(last) + 1):
        await asyncio.sleep(1)
        yield " ".join(map(str, range(1, second + 1)))


with gr.Blocks() as page:
    count = gr.State(0)
    box, out = gr.Textbox(label="in"), gr.Textbox(label="out")
    file_in, file_out = gr.File(label="upload"), gr.File(label="file")
    gr.Button("Greet").click(greet, [box, count], [out, count], api_name="greet")
    gr.Button("Slow").click(slow, box, out, api_name="slow")
    seconds, picture = gr.Number(), gr.Image(sources="webcam", streaming=True)
    gr.FileExplorer(root_dir=str(Path(__file__).parent), label="files")
    gr.Button("Long").click(long, seconds, out, api_name="long")
    gr.Button("Playlist").click(playlist, None, out, api_name="playlist")
    picture.stream(pushed, picture, out, time_limit=60, api_name="pushed")
    gr.Button("Write").click(write, box, file_out, api_name="write")
    gr.Button("Read").click(read, file_in, out, api_name="read")
    last, counted = gr.Number(label="last"), gr.Textbox(label="counted", elem_id="counted")
    gr.Button("Count").click(count_seconds, last, counted, api_name="count_seconds")
page.queue(default_concurrency_limit=4)

web = FastAPI()


class MadeByMiddleware:
    """Every answer names the process that made it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-made-by", NAME.encode()))
            await send(message)

        await self._app(scope, receive, named)


web.add_middleware(MadeByMiddleware)


def condition() -> Condition:
    active = page._queue.event_queue_per_concurrency_id.values()
    jobs = len(page._queue) + sum(queue.current_concurrency for queue in active)
    ready = not (Path(os.environ["GRADIO_TEMP_DIR"]) / f"draining-{NAME}").exists()
    return Condition(os.environ.get("RELEASE", "one"), ready, jobs, slots=4)


class ObservableSessionRouting(SessionRouting):
    """What it has heard of the others can be asked for, so that tests need not guess."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        told.append(self)


told: list[ObservableSessionRouting] = []
if "--alone" not in sys.argv:
    peers = [Peer(*pair.split("=")) for pair in PEERS.split(",")]
    web.add_middleware(
        ObservableSessionRouting,
        node=NAME,
        peers=peers,
        secret=b"a secret of sixteen",
        condition=condition,
        page="/",
    )


@web.get("/healthz")
def healthz() -> dict[str, str]:
    return {"node": NAME}


@web.get("/heard")
def heard() -> dict[str, Any]:
    members = told[0].members
    return {
        "process": members.own_condition().process,
        "is_ready": members.own_condition().ready,
        "jobs": members.own_condition().jobs,
        "processes": {name: members._processes.get(name) for name in members.peers},
        "live": members.live,
        "ready": members.ready_peers,
    }


if "--mcp" in sys.argv:
    # Gradio's MCP server asks its own page through httpx, which gives up after five seconds: too
    # few for twelve sessions on a machine that has other work.
    DEFAULT_TIMEOUT_CONFIG.read = DEFAULT_TIMEOUT_CONFIG.connect = 60
auth = ("李雷", "秘密") if "--auth" in sys.argv else None
mcp = "--mcp" in sys.argv
wishes = "window.gradioReconnect = {again: true};" if "--again" in sys.argv else ""
head = f"<script>{wishes}{RECONNECT}</script>" if "--reconnect" in sys.argv else None
gr.mount_gradio_app(web, page, "/", ssr_mode=False, auth=auth, mcp_server=mcp, head=head)
# Whoever started it keeps the port for it.
with socket.socket() as listener:
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
    listener.bind(("127.0.0.1", int(PORT)))
    uvicorn.Server(uvicorn.Config(web, log_level="warning")).run([listener])
