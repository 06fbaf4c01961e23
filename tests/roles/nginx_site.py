"""The rendered configuration of Nginx on the one that is installed here, and an app behind it."""

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from provisioning.places import CERTIFICATE_FILE, NGINX_CONF, NGINX_LISTEN, NGINX_LOG, NGINX_PROGRAM
from provisioning.resources.file import File
from tests.certificates import NAME, Wanted, made
from tests.ports import free_port
from tests.processes import wait_until
from tests.roles.rendered import files


class App(BaseHTTPRequestHandler):
    """Says what it was asked, takes uploads, and streams as slowly as it is let."""

    protocol_version = "HTTP/1.1"
    go_on = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/events":
            self._stream()
            return
        told = "".join(f"{name.lower()}: {value}\n" for name, value in self.headers.items())
        self._answer(f"{self.command} {self.path}\n{told}".encode())

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        taken = 0
        while left and (part := self.rfile.read(min(left, 1 << 20))):
            left, taken = left - len(part), taken + len(part)
            # Begun before it is all here: nothing is collected in between.
            self.go_on.set()
        self._answer(str(taken).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.go_on.wait(30)
        self.wfile.write(b"data: last\n\n")

    def log_message(self, *_: Any) -> None:
        pass


class Site:
    """Nginx as a real server has it, below a folder."""

    def __init__(
        self,
        folder: Path,
        app_port: int,
        certificate: Path | None = None,
        case: str = "tls",
        cards: Sequence[int] = (),
    ) -> None:
        """``certificate`` is somebody else's file, where it is given; ``cards`` are the ports of
        the nodes where each card has one."""
        self.cards = list(enumerate(cards))
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        given = files(case)
        one = made(Wanted(names=[NAME]))
        self.certificate = certificate or folder / "certificate.pem"
        if certificate is None:
            self.certificate.write_text(one.key_pem() + one.pem)
        self.trusted = folder / "trusted.pem"
        self.trusted.write_text(one.pem)
        self.conf, self.program = folder / "nginx.conf", folder / "cosyvoice-nginx"
        self.conf.write_text(self.here(given[f"rs1{NGINX_CONF}"], app_port))
        self.program.write_text(self.here(given[f"rs1{NGINX_PROGRAM}"], app_port))
        self.program.chmod(0o755)

    def here(self, file: File, app_port: int) -> str:
        text = file.content
        for ours, this in {
            CERTIFICATE_FILE: self.certificate,
            NGINX_LISTEN: self.folder / "run" / "listen.conf",
            NGINX_LISTEN.rpartition("/")[0]: self.folder / "run",
            NGINX_CONF: self.conf,
            NGINX_LOG: self.folder / "log",
            "/run/nginx.pid": self.folder / "pid",
            " 443 '[::]:443'": f" {self.port} '[::]:{self.port}'",
            "listen 80 ": f"listen {self.plain} ",
            "[::]:80": f"[::]:{self.plain}",
            "127.0.0.1:7860": f"127.0.0.1:{app_port}",
            " in 443;": f" in {self.port};",
            **{f"127.0.0.1:{13000 + at}": f"127.0.0.1:{port}" for at, port in self.cards},
        }.items():
            text = text.replace(ours, str(this))
        return text

    def run(self, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
        search = f"{path}:/usr/sbin:{os.environ['PATH']}"
        return subprocess.run(
            [str(self.program), *arguments],
            env={"PATH": search},
            capture_output=True,
            text=True,
            check=False,
        )

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.trusted))
        found = http.client.HTTPSConnection(NAME, self.port, timeout=30, context=context)
        found._create_connection = lambda *_: socket.create_connection(  # type: ignore[attr-defined]
            ("127.0.0.1", self.port), 30
        )
        return found

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = self.connection()
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return connection.getresponse()

    def redirected(self, host: str, path: str = "/a?b=c") -> tuple[int, str | None]:
        connection = http.client.HTTPConnection("127.0.0.1", self.plain, timeout=30)
        connection.request("POST", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location")


@contextlib.contextmanager
def started(site: Site) -> Iterator[Site]:
    """It serves."""
    with running(site.program, site.folder):
        yield site


@contextlib.contextmanager
def running(program: Path, folder: Path) -> Iterator[None]:
    """Nginx runs by a host's program, with its files ``pid`` and ``log`` in a folder."""
    environment = {"PATH": f"/usr/sbin:{os.environ['PATH']}"}
    process = subprocess.Popen([program, "run"], env=environment)
    try:
        wait_until(lambda: process.poll() is not None or serves(folder))
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


def serves(folder: Path) -> bool:
    """Tell whether the Nginx of a folder has its sockets. `nginx -t`, which goes before it, has
    them for a moment too, resets who connects, and leaves an empty file."""
    with contextlib.suppress(OSError):
        return bool((folder / "pid").read_text())
    return False
