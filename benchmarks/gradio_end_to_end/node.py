"""One process of a demo of Gradio's, with the two lines of session routing or without them."""

import inspect
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import gradio as gr
import uvicorn
from fastapi import FastAPI

from app.session_routing import Condition, Peer, SessionRouting

_MOUNTED_WITH = set(inspect.signature(gr.mount_gradio_app).parameters)


def serve(name: str, host: str, port: int, demo: Path, routed: dict[str, str] | None) -> None:
    """Serve `demo`, its run.py; `routed` are all nodes' names and URLs."""
    blocks, options = launched(demo)
    web = FastAPI()
    if routed is not None:
        web.add_middleware(
            SessionRouting,
            node=name,
            peers=[Peer(*pair) for pair in routed.items()],
            secret=b"a secret of sixteen",
            condition=lambda: Condition(release="demo", jobs=_jobs(blocks), slots=1),
        )
    gr.mount_gradio_app(web, blocks, "/", **options)
    uvicorn.run(web, host=host, port=port, log_level="warning")


def launched(demo: Path) -> tuple[gr.Blocks, dict[str, Any]]:
    """Return what a demo launches, and with which options of those that mounting has too."""
    sys.path.insert(0, str(demo.parent))
    sys.argv = [str(demo)]
    with mock.patch.object(gr.Blocks, "launch", autospec=True) as launch:
        runpy.run_path(str(demo), run_name="__main__")
    [(blocks, options)] = [(call.args[0], call.kwargs) for call in launch.call_args_list]
    kept = {key: value for key, value in options.items() if key in _MOUNTED_WITH}
    # Launching hides errors where mounting shows them.
    return blocks, {"show_error": False} | kept


def _jobs(blocks: gr.Blocks) -> int:
    queue = blocks._queue
    active = queue.event_queue_per_concurrency_id.values()
    return len(queue) + sum(each.current_concurrency for each in active)
