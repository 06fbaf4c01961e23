"""What runs on a real server: the text-to-speech page, its HTTP API, engines and workers."""

__version__ = "0.1.0"
