"""Downloads one file over HTTP into the store, from where an earlier attempt was cut.

httpx does the HTTP: it keeps a token from hosts that the request is redirected to, as hubs do to
their content networks, and times every read. It is imported when something is fetched.
"""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ArtifactError
from .store import Store

if TYPE_CHECKING:
    import httpx

_CHUNK = 1 << 20
_PATIENCE = 60.0
"""Seconds a server may say nothing."""
_ATTEMPTS = 4
"""Attempts without a byte of progress before it is given up."""
_MEANINGS = {
    401: "it wants a token: write token: {env: NAME} with one that may read it",
    403: "it refuses us: accept its licence on its page, or write token: with one that may read it",
    404: "there is no such thing: correct the address, id or revision",
    410: "it is gone: correct the address, id or revision",
    429: "it wants fewer requests: wait, or write token:",
}
Tell = Callable[[int, int], None]
"""Told the bytes that are there, and how many there will be (0 where that is not known)."""


@dataclass(frozen=True, slots=True)
class Web:
    """A way to web servers."""

    client: "httpx.Client"
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self, url: str) -> Any:
        """Fetch a JSON document. Raises ``ArtifactError``."""
        import httpx

        try:
            answer = self.client.get(url, headers=dict(self.headers))
            _require_well(url, answer)
            return answer.json()
        except httpx.HTTPError as error:
            raise ArtifactError(f"{url}: {_reason(error)}") from None
        except ValueError:
            raise ArtifactError(
                f"{url}: answers with something else than JSON; correct hub:"
            ) from None

    def size(self, url: str) -> int | None:
        """Ask for the size of a file, in bytes; None where the server does not say."""
        import httpx

        try:
            answer = self.client.head(url, headers={**self.headers, "Accept-Encoding": "identity"})
        except httpx.HTTPError as error:
            raise ArtifactError(f"{url}: {_reason(error)}") from None
        if answer.status_code in (405, 501):
            return None
        _require_well(url, answer)
        said = answer.headers.get("content-length", "")
        return int(said) if said.isdigit() else None


@contextmanager
def web(token: str | None = None) -> Iterator[Web]:
    """Open a way to web servers."""
    import httpx

    headers = {"User-Agent": "cosyvoice-cluster"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with httpx.Client(follow_redirects=True, timeout=_PATIENCE) as client:
        yield Web(client, headers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch, and what is known of it."""

    url: str
    sha256: str | None = None
    size: int | None = None
    git_blob: str | None = None
    """Its id in git, which a hub gives where it does not give the SHA-256."""

    @property
    def key(self) -> str:
        """Known facts that name it, for an attempt that goes on."""
        return self.sha256 or self.git_blob or self.url


def download(web: Web, wanted: Wanted, store: Store, tell: Tell) -> tuple[str, int]:
    """Fetch a file into the store; its SHA-256 and size. Raises ``ArtifactError``; what arrived by
    then is taken up the next time."""
    part = store.part(wanted.key)
    part.parent.mkdir(parents=True, exist_ok=True)
    _whole(web, wanted, part, tell)
    size = part.stat().st_size
    if wanted.size is not None and size != wanted.size:
        part.unlink()
        raise ArtifactError(
            f"{wanted.url}: has {size} bytes and should have {wanted.size}; the server's file is "
            "not the one that was meant"
        )
    digest = _checked(wanted, part)
    store.keep(part, digest)
    return digest, size


def _whole(web: Web, wanted: Wanted, part: Path, tell: Tell) -> None:
    import httpx

    failures = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        if wanted.size is not None and before == wanted.size:
            return
        try:
            _rest(web, wanted, part, tell)
            return
        except httpx.HTTPError as error:
            gained = part.exists() and part.stat().st_size > before
            failures = 1 if gained else failures + 1
            if failures >= _ATTEMPTS:
                raise ArtifactError(
                    f"{wanted.url}: {_reason(error)}; run it again, it goes on where it was cut"
                ) from None
            time.sleep(0.2 * failures)


def _rest(web: Web, wanted: Wanted, part: Path, tell: Tell) -> None:
    """Everything behind what is there already. Raises ``httpx.HTTPError`` where it is cut."""
    start = part.stat().st_size if part.exists() else 0
    if wanted.size is not None and start > wanted.size:
        start = 0
    validator = part.with_suffix(".etag")
    headers = {**web.headers, "Accept-Encoding": "identity"}
    # Without a checksum nothing else would tell that the file has changed in between.
    etag = None if wanted.sha256 or wanted.git_blob or not start else _read(validator)
    if etag == "":
        start = 0
    if start:
        headers["Range"] = f"bytes={start}-"
    if etag:
        headers["If-Range"] = etag
    with web.client.stream("GET", wanted.url, headers=headers) as answer:
        if answer.status_code == 416:
            return
        _require_well(wanted.url, answer)
        if answer.status_code != 206:
            start = 0
        validator.write_text(answer.headers.get("etag", ""))
        said = answer.headers.get("content-length", "")
        total = wanted.size or (start + int(said) if said.isdigit() else 0)
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for piece in answer.iter_bytes():
                file.write(piece)
                tell(file.tell(), total)
    validator.unlink(missing_ok=True)


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


def _checked(wanted: Wanted, part: Path) -> str:
    digest, size = hashlib.sha256(), part.stat().st_size
    in_git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with part.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            in_git.update(piece)
    found, expected = digest.hexdigest(), wanted.sha256
    if expected is None and wanted.git_blob is not None and len(wanted.git_blob) == 40:
        found, expected = in_git.hexdigest(), wanted.git_blob
    if expected is not None and found != expected:
        part.unlink()
        raise ArtifactError(
            f"{wanted.url}: its checksum is {found} and should be {expected}; nothing of it was "
            "kept. Run it again; if that helps not, somebody changed the file"
        )
    return digest.hexdigest()


def _require_well(url: str, answer: "httpx.Response") -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if status >= 500:
        # As if the connection had been cut: such answers go away.
        import httpx

        raise httpx.RemoteProtocolError(f"the server answers {status}", request=answer.request)
    meaning = _MEANINGS.get(status, "correct the address")
    raise ArtifactError(f"{url}: the server answers {status}; {meaning}")


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return f"the server says nothing for {_PATIENCE:g} s"
    return str(error) or type(error).__name__
