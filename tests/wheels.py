"""Small wheels, made on the spot, and an index that wants to know who asks."""

import base64
import hashlib
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    python: str = "",
    files: Mapping[str, str] | None = None,
) -> Path:
    """A pure wheel with a module of its name, or with ``files`` by path; for a Python."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    content = {**(files or {f"{name}.py": f"VERSION = {version!r}\n"})}
    extras = {line.rsplit("extra == ", 1)[1].strip("'\"") for line in requires if "extra" in line}
    content[f"{info}/METADATA"] = "".join(
        f"{line}\n"
        for line in [
            "Metadata-Version: 2.1",
            f"Name: {name}",
            f"Version: {version}",
            *(f"Provides-Extra: {extra}" for extra in sorted(extras)),
            *([f"Requires-Python: {python}"] if python else []),
            *(f"Requires-Dist: {line}" for line in requires),
        ]
    )
    content[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    listed = [
        f"{place},sha256={_digest(text)},{len(text.encode())}" for place, text in content.items()
    ]
    content[f"{info}/RECORD"] = "\n".join([*listed, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in content.items():
            archive.writestr(zipfile.ZipInfo(place), text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@contextmanager
def index(folder: Path, login: str, at_each: Callable[[], None]) -> Iterator[int]:
    """A package index on loopback with the wheels of a folder, for those who log in as ``login``
    (``user:password``); its port. ``at_each`` is called with every request."""
    wanted = f"Basic {base64.b64encode(login.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at_each()
            if self.headers["Authorization"] != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.end_headers()
                return
            name = self.path.rstrip("/").rsplit("/", 1)[1]
            found = folder / name
            if name.endswith(".whl") and found.is_file():
                body, kind = found.read_bytes(), "application/octet-stream"
            else:
                links = (path.name for path in sorted(folder.glob(f"{name}-*.whl")))
                text = "".join(f'<a href="/files/{link}">{link}</a>' for link in links)
                body, kind = text.encode(), "text/html"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
