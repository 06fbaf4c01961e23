"""Script in the head of a Gradio page that lets it outlive the node it talks to."""

from pathlib import Path

RECONNECT = Path(__file__).with_name("reconnect.js").read_text(encoding="utf-8")
"""A script for before Gradio's own; its first lines say what a page can wish for."""
