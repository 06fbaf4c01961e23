"""Running out of descriptors is said once in a while.

Where accept(2) finds no descriptor, asyncio tells its exception handler so for every place in the
listener's backlog, every second, with a traceback each
(https://github.com/python/cpython/issues/151615). It tries again by itself.
"""

import asyncio
import errno
import logging
from typing import Any

from app.connections.seldom import Seldom

_OUT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_log = logging.getLogger("app.connections")


class ShortOfDescriptors:
    """An exception handler for the event loop; what is not such an error goes to asyncio's own."""

    def __init__(self) -> None:
        self._seldom = Seldom()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle one error; see loop.set_exception_handler."""
        error = context.get("exception")
        accepting = str(context.get("message", "")).startswith("socket.accept()")
        if not (accepting and isinstance(error, OSError) and error.errno in _OUT_OF):
            loop.default_exception_handler(context)
        elif self._seldom.count():
            _log.error("new connections have to wait: %s", error.strerror)
