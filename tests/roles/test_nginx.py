"""The rendered configuration on the Nginx that is installed here, in front of a stand-in app."""

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provisioning.places import CERTIFICATE_FILE, NGINX_CONF, NGINX_LISTEN, NGINX_LOG, NGINX_PROGRAM
from provisioning.resources.file import File
from tests.certificates import NAME, Wanted, made
from tests.ports import free_port, refusing_port
from tests.processes import wait_until
from tests.roles.rendered import files

_UPLOAD = 100 << 20


class _App(BaseHTTPRequestHandler):
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

    def __init__(self, folder: Path, app_port: int) -> None:
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        given = files("tls")
        one = made(Wanted(names=[NAME]))
        self.certificate = folder / "certificate.pem"
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

    def listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

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
    command = [str(site.program), "run"]
    process = subprocess.Popen(command, env={"PATH": f"/usr/sbin:{os.environ['PATH']}"})
    try:
        wait_until(lambda: process.poll() is not None or site.listens())
        assert process.poll() is None, (site.folder / "log").read_text()
        yield site
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    app = ThreadingHTTPServer(("127.0.0.1", 0), _App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with started(Site(tmp_path_factory.mktemp("nginx"), app.server_address[1])) as found:
        yield found
    app.shutdown()
    app.server_close()


def test_a_request_arrives_as_it_was_sent_with_who_sent_it(site: Site) -> None:
    forged = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Host": "evil", "Forwarded": "for=6.6.6.6"}
    answer = site.get("/any%20path?x=1", **forged, X_Request_ID="r-1")
    assert answer.getheader("Strict-Transport-Security") == "max-age=300"
    lines = answer.read().decode().splitlines()
    assert lines[0] == "GET /any%20path?x=1"
    assert f"host: {NAME}:{site.port}" in lines and "x-request-id: r-1" in lines
    told = {line for line in lines if "forwarded" in line}
    assert told == {"x-forwarded-for: 127.0.0.1", "x-forwarded-proto: https"}


def test_events_come_while_they_are_made(site: Site) -> None:
    _App.go_on.clear()
    answer = site.get("/events")
    assert answer.readline() == b"data: first\n"
    _App.go_on.set()
    assert answer.read().endswith(b"data: last\n\n")


def test_a_hundred_megabytes_are_passed_on_while_they_come(site: Site) -> None:
    _App.go_on.clear()
    connection = site.connection()
    connection.putrequest("POST", "/upload")
    connection.putheader("Content-Length", str(_UPLOAD))
    connection.endheaders()
    connection.send(bytes(2 << 20))
    assert _App.go_on.wait(30), "nothing arrives before the whole is here"
    for _ in range(49):
        connection.send(bytes(2 << 20))
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, str(_UPLOAD).encode())


def test_plain_http_leads_to_names_of_ours_alone(site: Site) -> None:
    assert site.redirected(NAME) == (308, f"https://{NAME}/a?b=c")
    assert site.redirected(f"x.{NAME}:80")[1] == f"https://x.{NAME}/a?b=c"
    assert site.redirected("[fd00:1::100]")[1] == "https://[fd00:1::100]/a?b=c"
    assert site.redirected("evil.example")[1] == f"https://{NAME}/a?b=c"


def test_directors_ask_there_without_being_led_away(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read().startswith(b"GET /readyz\n")


def _says(site: Site, *arguments: str) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    # It shows the session's bytes too.
    return done.stdout.decode("ascii", "replace")


def test_http_2_is_spoken_and_nothing_older_than_tls_1_2(site: Site) -> None:
    assert "ALPN protocol: h2" in _says(site, "-alpn", "h2,http/1.1")
    old = _says(site, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "Cipher is (NONE)" in old
    assert "Cipher is ECDHE" in _says(site, "-tls1_2")


@pytest.mark.parametrize(
    ("version", "form", "more"),
    [
        ("1.18.0 (Ubuntu)", "ssl http2 default_server", ""),
        ("1.22.1", "ssl http2 default_server", ""),
        ("1.25.0", "ssl http2 default_server", ""),
        ("1.25.1", "ssl default_server", "http2 on;"),
        ("1.29.3", "ssl default_server", "http2 on;"),
        ("1.31.3", "ssl default_server", "http2 on;"),
    ],
)
def test_listen_has_the_form_of_the_version_that_is_there(
    version: str, form: str, more: str, tmp_path: Path
) -> None:
    site = Site(tmp_path, 1)
    program = tmp_path / "bin" / "nginx"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" != -v ] || echo "nginx version: nginx/{version}" >&2\n')
    program.chmod(0o755)
    assert site.run("check", str(site.conf), path=str(program.parent)).returncode == 0
    written = (tmp_path / "run" / "listen.conf").read_text()
    both = [f"listen {place} {form};" for place in (site.port, f"[::]:{site.port}")]
    assert written.splitlines() == [*both, *filter(None, [more])]


def test_a_wrong_configuration_is_refused(tmp_path: Path) -> None:
    site = Site(tmp_path, 1)
    good = site.run("check", str(site.conf))
    assert (good.returncode, good.stdout + good.stderr) == (0, "")
    wrong = tmp_path / "wrong.conf"
    wrong.write_text(site.conf.read_text().replace("proxy_buffering off", "proxy_bufering off"))
    said = site.run("check", str(wrong))
    assert said.returncode != 0 and "proxy_bufering" in said.stderr


def test_a_node_that_is_not_there_is_said_to_come_back(tmp_path: Path) -> None:
    with refusing_port() as nobody, started(Site(tmp_path, nobody)) as site:
        answer = site.get("/v1/models")
        assert (answer.status, answer.getheader("Retry-After")) == (503, "2")
        assert b'"code": "stopping"' in answer.read()
