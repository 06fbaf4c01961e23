"""Gradio's own Python client, with the patience of a machine that has other work."""

from typing import Any

from gradio_client import Client

_PATIENCE = 60.0
"""Seconds for an answer; httpx gives up after five."""


def patient_client(url: str, **options: Any) -> Client:
    """A client of the page at the URL."""
    return Client(url, verbose=False, httpx_kwargs={"timeout": _PATIENCE}, **options)
