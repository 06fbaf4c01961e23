"""Polling interval of the page's queue.

Gradio 6.31 looks a thousand times a second for jobs and a hundred times for signs of their
progress, by which a node that does nothing uses 4 % of a core.
"""

import gradio as gr

_JOBS = 0.01
"""Seconds between looks for a job; by half of it a job waits longer, on average."""
_PROGRESS = 0.05
"""Seconds between signs of progress, which people see."""


def rest(page: gr.Blocks) -> None:
    """Look less often. For a page whose queue is set up."""
    page._queue.sleep_when_free = _JOBS
    page._queue.progress_update_sleep_when_free = _PROGRESS
