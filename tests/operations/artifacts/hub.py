"""A web server that stands in for the hubs, and goes wrong on request."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" * 6 + "abcd"


class Hub:
    """Files by name, served as files, as a model of Hugging Face and as one of ModelScope."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.status = 200
        """Answer to everything, where it is not 200."""
        self.cut_after: int | None = None
        """Bytes of a body after which the connection is closed, once."""
        self.stalls_after: int | None = None
        """Bytes of a body after which nothing more is said."""
        self.etag: str | None = None
        """Of every file, where it has one."""
        self.elsewhere: str | None = None
        """Address of another server that it sends to, as hubs do to their content networks."""
        self.says_sizes = True
        """Answer HEAD."""
        self.over = threading.Event()
        self.asked: list[tuple[str, str | None]] = []
        """Paths, and the range of each."""
        self.tokens: list[str | None] = []
        """What each request had for a token."""
        self.token: str | None = None

    def huggingface(self) -> bytes:
        siblings = [
            {"rfilename": name, "size": len(content), "blobId": git_blob(content)}
            | ({"lfs": {"sha256": sha256(content), "size": len(content)}} if _is_big(name) else {})
            for name, content in self.files.items()
        ]
        return json.dumps({"sha": COMMIT, "siblings": siblings}).encode()

    def modelscope(self) -> bytes:
        files: list[dict[str, object]] = [{"Path": "sub", "Type": "tree", "Size": 0}]
        files += [
            {"Path": name, "Type": "blob", "Size": len(content), "Sha256": sha256(content)}
            for name, content in self.files.items()
        ]
        return json.dumps({"Code": 200, "Data": {"Files": files}}).encode()


def _is_big(name: str) -> bool:
    return name.endswith((".pt", ".bin"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = self.headers["Range"]
        self.hub.asked.append((self.path, asked))
        self.hub.tokens.append(self.headers["Authorization"])
        if self.hub.elsewhere and "/api/" not in self.path:
            return self._say(302, b"", {"Location": f"{self.hub.elsewhere}{self.path}"})
        if self.command == "HEAD" and not self.hub.says_sizes:
            return self._say(405, b"")
        if self.hub.token and self.headers["Authorization"] != f"Bearer {self.hub.token}":
            return self._say(401, b"")
        if self.hub.status != 200:
            return self._say(self.hub.status, b"no")
        content = self._content(parts.path, parse_qs(parts.query))
        if content is None:
            return self._say(404, b"nothing")
        if self.headers["If-Range"] not in (None, self.hub.etag):
            asked = None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if asked and start >= len(content):
            return self._say(416, b"")
        self._say(206 if asked else 200, content[start:])

    def _content(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        if path.startswith("/api/models/"):
            return self.hub.huggingface()
        if path.endswith("/repo/files"):
            return self.hub.modelscope()
        if path.endswith("/repo"):
            return self.hub.files.get(query["FilePath"][0])
        name = unquote(path.partition(f"/resolve/{COMMIT}/")[2] or path.removeprefix("/"))
        return self.hub.files.get(name)

    def _say(self, status: int, body: bytes, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.hub.etag:
            self.send_header("ETag", self.hub.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cut_after
        if cut is not None and status < 300 and len(body) > cut:
            self.hub.cut_after = None
            self.wfile.write(body[:cut])
            self.close_connection = True
            return
        stall = self.hub.stalls_after
        if stall is not None and len(body) > stall:
            self.wfile.write(body[:stall])
            self.wfile.flush()
            self.hub.over.wait()
            return
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub on this machine for the time of the block."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.hub = hub = Hub(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
