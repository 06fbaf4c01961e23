"""A client that reads in the log where a node serves may connect at once."""

import asyncio
import logging
import socket

import uvicorn
from starlette.applications import Starlette

from app.host.listening import Server, bind


class _Dialling(logging.Handler):
    """Connects to what it reads of."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        host, port = record.args  # type: ignore[misc]
        socket.create_connection((str(host), int(str(port))), 30).close()
        self.answered.set()


def test_a_port_is_told_when_it_listens() -> None:
    async def scenario() -> None:
        heard, log = _Dialling(), logging.getLogger("app.server")
        config = uvicorn.Config(Starlette(), lifespan="off", log_config=None)
        server = Server(config, {})
        log.addHandler(heard)
        log.setLevel(logging.INFO)
        try:
            with bind("127.0.0.1", 0) as listener:
                serving = asyncio.create_task(server.serve([listener]))
                async with asyncio.timeout(30):
                    await heard.answered.wait()
                server.should_exit = True
                await serving
        finally:
            log.removeHandler(heard)
            log.setLevel(logging.NOTSET)

    asyncio.run(scenario())
