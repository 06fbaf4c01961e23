"""A text-to-speech node: web page, HTTP API, workers."""

__version__ = "0.1.0"
