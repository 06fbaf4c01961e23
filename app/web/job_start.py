"""The page's jobs begin with the node's leave; see ``app.middleware.job_start``.

Gradio has two ways to a function: its queue, where a job is asked for before it takes a place, and
a direct call, where the function itself asks. A job from the queue asks twice, and counts once.
"""

from typing import Any, Literal

import gradio as gr
from fastapi import Request
from gradio.data_classes import PredictBodyInternal

from app.middleware.job_start import JobRefusedError, begin
from app.web.queue_limit import GROUP

_Pushed = tuple[
    bool, str | list[dict[str, Any]], Literal["success", "error", "queue_full", "validator_error"]
]


def ask_first(page: gr.Blocks) -> None:
    """Let the page's queue take only jobs that may begin. For a page that is mounted; checked
    against Gradio 6.31."""
    push = page._queue.push

    async def asked(body: PredictBodyInternal, request: Request, username: str | None) -> _Pushed:
        if _speaks(page, body.fn_index):
            try:
                await begin(request.scope)
            except JobRefusedError as error:
                # Nobody sees it: the layer that refused it has its own answer.
                return False, error.en, "error"
        return await push(body, request, username)

    setattr(page._queue, "push", asked)  # noqa: B010 - a method, to mypy


def _speaks(page: gr.Blocks, index: int | None) -> bool:
    function = None if index is None else page.fns.get(index)
    return function is not None and function.concurrency_id == GROUP


async def may_begin(request: gr.Request) -> None:
    """Ask whether a job may begin, in a function that speaks, before it does. Raises
    ``JobRefusedError``."""
    await begin(getattr(request.request, "scope", None) or {})
