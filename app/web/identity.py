"""Identity of Gradio's page: the same on all nodes of one release.

Gradio draws a random number in every process, and a page that meets another one than its own
(after a lost connection) loads itself anew.
"""

import json
from hashlib import blake2b

import gradio as gr


def share(page: gr.Blocks, release: str, engine: str) -> None:
    """Give the page an id that follows from the release, the engine, and what a request names:
    the numbers of components and events. The rest, such as a node's name, may differ."""
    config = page.get_config_file()
    parts = [(part["id"], part["type"]) for part in config["components"]]
    events = [
        (event["id"], event["targets"], event["inputs"], event["outputs"])
        for event in config["dependencies"]
    ]
    told = json.dumps([release, engine, parts, events], default=str).encode()
    # JavaScript's numbers are whole up to 53 bits.
    page.app_id = int.from_bytes(blake2b(told, digest_size=6).digest())
