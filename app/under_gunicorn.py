"""The node as Gunicorn's one worker: its master keeps the ports, and replaces a web process that
ended or whose event loop hangs.

Exactly one worker a master: sessions, the line and the workers' slots live in the process, so a
second one at the same port would be another node behind the same name. More nodes are more
ports, each with a master of its own.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from uvicorn_worker import UvicornWorker

from .errors import NodeError

Serve = Callable[[list[socket.socket]], Coroutine[Any, Any, None]]
"""Serve at sockets until told to stop (SIGTERM)."""

_HANGS = 60
"""Seconds for which an event loop may stand still before its process is replaced. It bounds no
job: those are in processes of their own, with deadlines of their own."""
_BEAT = 1.0
"""Seconds between signs of life."""
_PR_SET_PDEATHSIG = 1
_log = logging.getLogger("app.server")


def serve(listeners: list[socket.socket], *, longest_stop: float, work: Serve) -> None:
    """Be Gunicorn's master at bound sockets, whose worker does ``work``. Ends the process.

    ``longest_stop`` is the seconds that a stop may take before the worker is killed.
    """
    _Master([listener.detach() for listener in listeners], longest_stop, work).run()


class _Master(BaseApplication):  # type: ignore[misc]
    """Gunicorn with this node for its application."""

    def __init__(self, descriptors: list[int], longest_stop: float, work: Serve) -> None:
        self._descriptors, self._longest_stop, self._work = descriptors, longest_stop, work
        super().__init__()

    def load_config(self) -> None:
        """Set everything here: of the environment (WEB_CONCURRENCY) nothing counts."""
        settings = {
            "bind": [f"fd://{descriptor}" for descriptor in self._descriptors],
            "workers": 1,
            "worker_class": NodeWorker,
            "timeout": _HANGS,
            "graceful_timeout": int(self._longest_stop),
            "logger_class": _NodeLog,
            "proc_name": "cosyvoice",
            # Signs of life are changes of a file, which must never wait for a disk.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # nosec B108
            "control_socket_disable": True,
            # At once, and each time.
            "when_ready": _refuse,
            "pre_fork": lambda master, _worker: _refuse(master),
        }
        for name, value in settings.items():
            # Older versions have no control socket to leave out.
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Serve:
        """The application, which workers have as ``wsgi``."""
        return self._work


def _refuse(master: Arbiter) -> None:
    """Stop listening, which the master has begun: whoever comes before there can be an answer is
    refused, and asks another node. ``listen`` makes it good again (inet_shutdown in Linux'
    net/ipv4/af_inet.c keeps a port that was bound). On one that does not listen it would stay,
    and every later connection be closed at once."""
    for listener in master.LISTENERS:
        if listener.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listener.sock.shutdown(socket.SHUT_RD)


class _NodeLog(Logger):  # type: ignore[misc]
    """Gunicorn's words as the node's own log has them."""

    def setup(self, cfg: Any) -> None:
        """Hand everything to the handlers that the process has."""
        self.cfg, self._access_log_enabled = cfg, False
        self.error_log.handlers = self.access_log.handlers = logging.getLogger().handlers
        self.error_log.setLevel(logging.getLogger().level)


class NodeWorker(UvicornWorker):  # type: ignore[misc]
    """The web process."""

    def init_process(self) -> None:
        """Go with the master, which nobody else would start in the place of: a master that finds
        its port taken gives up."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.ppid:
            raise SystemExit(0)
        super().init_process()

    async def _serve(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await self.wsgi([listener.sock for listener in self.sockets])
        except NodeError as error:
            # Again and again without a pause would be the same: the master ends, and who started
            # it waits longer each time.
            _log.error("%s", error)
            logging.shutdown()
            os._exit(Arbiter.WORKER_BOOT_ERROR)
        finally:
            beating.cancel()
        logging.shutdown()
        # Python would wait for a thread that hangs in a dead NFS mount.
        os._exit(0)

    async def _beat(self) -> None:
        """Give signs of life from the first moment on, while the page loads and during a drain."""
        while True:
            self.notify()
            await asyncio.sleep(_BEAT)
