"""A Gradio application of its own, with state, a queue, files and a slow event; and two lines.

    python small_app.py NAME PORT PEERS [--alone]

PEERS is NAME=URL,NAME=URL. With `--alone` it has no session routing.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI

from app.session_routing import Condition, Peer, SessionRouting

NAME, PORT, PEERS = sys.argv[1:4]


def greet(name: str, count: int) -> tuple[str, int]:
    return f"{name} by {NAME} {count + 1}", count + 1


async def slow(text: str) -> AsyncIterator[str]:
    for part in range(1, 6):
        await asyncio.sleep(0.1)
        yield f"{text} {part} by {NAME}"


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
    gr.Button("Write").click(write, box, file_out, api_name="write")
    gr.Button("Read").click(read, file_in, out, api_name="read")
    last, counted = gr.Number(label="last"), gr.Textbox(label="counted", elem_id="counted")
    gr.Button("Count").click(count_seconds, last, counted, api_name="count_seconds")
page.queue(default_concurrency_limit=4)

web = FastAPI()


def condition() -> Condition:
    active = page._queue.event_queue_per_concurrency_id.values()
    jobs = len(page._queue) + sum(queue.current_concurrency for queue in active)
    return Condition(release="one", jobs=jobs, slots=4)


if "--alone" not in sys.argv:
    peers = [Peer(*pair.split("=")) for pair in PEERS.split(",")]
    web.add_middleware(
        SessionRouting, node=NAME, peers=peers, secret=b"a secret of sixteen", condition=condition
    )


@web.get("/healthz")
def healthz() -> dict[str, str]:
    return {"node": NAME}


gr.mount_gradio_app(web, page, "/", ssr_mode=False)
uvicorn.run(web, host="127.0.0.1", port=int(PORT), log_level="warning")
