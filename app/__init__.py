"""The node's program on a real server: text-to-speech page, HTTP API, engines and workers."""

__version__ = "0.1.0"
INSTALLED_NAME = "cosyvoice_cluster.app"
"""Name of this package when installed and in a release; in a checkout it is `app`."""

if __name__ != INSTALLED_NAME:
    from .checkout import also_importable_as

    also_importable_as(INSTALLED_NAME, __name__)
