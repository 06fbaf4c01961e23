"""The other side of the process that reads a file."""

import asyncio
import json
import logging
import sys
from dataclasses import asdict
from typing import Any

from .manuscript import Bounds, Manuscript, Part, refused

_PATIENCE = 300.0
"""Seconds, on a machine that has much else to do."""
_log = logging.getLogger("app.books")


class Readers:
    """Processes that read files, at most ``most`` at a time."""

    def __init__(self, most: int = 2) -> None:
        self._turn = asyncio.Semaphore(most)

    async def read(self, name: str, content: bytes, bounds: Bounds, encoding: str) -> Manuscript:
        """The manuscript in a file. Raises ``InvalidInputError``."""
        asked = {"name": name, "bounds": asdict(bounds), "encoding": encoding}
        async with self._turn:
            told = await _answer(json.dumps(asked).encode() + b"\n" + content)
        if told is None:
            raise refused(
                "book_unreadable",
                "the file cannot be read in the time and memory that a book has",
                "无法在限定的时间和内存内读取该文件",
            )
        if error := told.get("error"):
            raise refused(*error)
        return manuscript(told)


def manuscript(told: dict[str, Any]) -> Manuscript:
    """A manuscript from what ``asdict`` made of it."""
    parts = (Part(part["title"], tuple(part["pieces"])) for part in told["parts"])
    return Manuscript(told["title"], tuple(parts))


async def _answer(sent: bytes) -> dict[str, Any] | None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __package__, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            said, complaint = await process.communicate(sent)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        # The last line alone: a traceback may have words of the book.
        _log.warning("a book was not read: status %d", process.returncode)
        _log.debug("%s", complaint.decode(errors="replace"))
        return None
    found: dict[str, Any] = json.loads(said)
    return found
