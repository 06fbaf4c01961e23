"""The node's program on a real server: text-to-speech page, HTTP API, engines and workers."""

__version__ = "0.1.0"
