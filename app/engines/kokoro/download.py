"""A file over HTTP, to disk: continues where an earlier attempt stopped."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from app.errors import NodeError

_BLOCK = 1 << 16
TIMEOUT = 60
"""Seconds without a byte after which a connection is given up."""
_RANGE_NOT_SATISFIABLE = 416

Progress = Callable[[int, int | None], None]
"""Told bytes there are and bytes there will be (None: not known)."""


class DownloadError(NodeError):
    """The file did not come; the message says why."""


def download(url: str, target: Path, progress: Progress) -> None:
    """Fetch ``url`` into ``target``, through a ``.part`` file that a next attempt continues.

    Proxies are taken from the environment. Raises ``DownloadError``, OSError of the disk.
    """
    part = target.with_name(target.name + ".part")
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        # The operator names it, on the command line.
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # nosec B310
            _store(answer, part, there, progress)
    except urllib.error.HTTPError as error:
        # All of it is there: the attempt before ended between the last byte and the renaming.
        if error.code != _RANGE_NOT_SATISFIABLE or not there:
            raise DownloadError(f"{url}: {error.code} {error.reason}") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ValueError) as error:
        raise DownloadError(f"{url}: {getattr(error, 'reason', error)}") from error
    part.replace(target)


def _store(answer: http.client.HTTPResponse, part: Path, there: int, progress: Progress) -> None:
    # A server that knows no ranges answers 200 with all of it.
    goes_on = answer.status == http.client.PARTIAL_CONTENT
    length = answer.headers.get("Content-Length")
    done = there if goes_on else 0
    total = done + int(length) if length else None
    with part.open("ab" if goes_on else "wb") as file:
        while block := answer.read(_BLOCK):
            file.write(block)
            done += len(block)
            progress(done, total)
    if total is not None and done < total:
        raise DownloadError(f"{answer.url}: the connection ended after {done} of {total} bytes")
