"""The web process: page and API on one port, and an orderly end."""

import logging
import os
import signal
import threading
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app import __version__
from app.node import Node
from app.settings import Settings
from app.web import api, health
from app.web.access_log import AccessLog

_log = logging.getLogger("app.server")


class _DrainingServer(uvicorn.Server):
    """On SIGTERM takes no more jobs, finishes those it has, then goes.

    uvicorn alone would close the port first and wait for connections; a page's event stream
    stays open for ever.
    """

    node: Node

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM or self.node.pool.closed:
            super().handle_exit(sig, frame)
            return

        def end() -> None:
            finished = self.node.pool.drain(self.node.settings.job_timeout)
            _log.info("drained" if finished else "jobs were left at the end of the drain")
            # One more for the answers on their way out.
            threading.Event().wait(1)
            self.should_exit = True

        _log.info("draining")
        threading.Thread(target=end, name="drain", daemon=True).start()


def application(node: Node) -> FastAPI:
    """Page and API of a node whose workers have been started."""
    # Read when gradio is imported. Files it hands out lie where every node can read them.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("GRADIO_TEMP_DIR", str(node.settings.output_dir.resolve() / ".gradio"))
    import gradio as gr

    from app.web import page

    web = FastAPI(title="Text-to-speech node", version=__version__)
    web.include_router(health.routes(node))
    web.include_router(api.routes(node))
    api.install_validation_errors(web)
    node.pool.known.wait()
    mounted: FastAPI = gr.mount_gradio_app(
        web,
        page.build(node),
        path="/",
        allowed_paths=[str(node.settings.output_dir.resolve())],
        footer_links=[],
        ssr_mode=False,
        theme=page.THEME,
        css=page.CSS,
    )
    mounted.add_middleware(AccessLog, node=node.settings.node_name)
    return mounted


def run(settings: Settings) -> None:
    """Serves until told to stop."""
    node = Node(settings)
    # The workers get ready while this process imports what it needs.
    node.pool.start()
    try:
        config = uvicorn.Config(
            application(node),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        server = _DrainingServer(config)
        server.node = node
        server.run()
    finally:
        node.pool.close()
