"""An edge that ends TLS, on the Nginx that is installed here, with a certificate that it takes over
from a real server."""

import http.client
import json
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.places import EDGE_RUN
from provisioning.resources.file import File
from provisioning.roles.real_server.acme_program import PLACEHOLDER
from tests.certificates import NAME
from tests.ports import free_port
from tests.processes import wait_until
from tests.roles.acme_site import HOSTS, Node, Pebble
from tests.roles.nginx_site import App, started

_NOBODY = Pebble("https://127.0.0.1:1/dir", Path("/nowhere"), "", 0)
_JOB = "/v1/audio/speech"


class Edge(Node):
    """The first edge, in front of an app."""

    def __init__(self, ports: dict[str, int], root: Path, app_port: int) -> None:
        self.app_port, self.clear = app_port, free_port()
        super().__init__("edge1", {**ports, "edge1": free_port()}, root, _NOBODY)

    def here(self, file: File, app_port: int) -> str:
        text = file.content
        for address in HOSTS.values():
            text = text.replace(f"{address}:7860", f"127.0.0.1:{self.app_port}")
        for theirs, ours in {
            EDGE_RUN: str(self.folder / "edge"),
            "/var/log/nginx": str(self.folder),
            "listen 9080 ": f"listen 127.0.0.1:{self.clear} ",
        }.items():
            text = text.replace(theirs, ours)
        return super().here(File(path=file.path, content=text), app_port)

    def reply(
        self, path: str, *, encrypted: bool = True, method: str = "GET", host: str = NAME
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer and its body."""
        if encrypted:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.clear)  # type: ignore[assignment]
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    # A socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="edge-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def node(root: Path) -> Iterator[Node]:
    """A real server with a good certificate, which it has published."""
    found = Node("rs1", {name: free_port() for name in HOSTS}, root, _NOBODY)
    found.has(days=100)
    with started(found):
        assert found.keep().returncode == 0
        yield found


@pytest.fixture(scope="module")
def edge(root: Path, node: Node) -> Iterator[Edge]:
    app = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with started(Edge(node.ports, root, app.server_address[1])) as found:
        assert isinstance(found, Edge)
        yield found
    app.shutdown()
    app.server_close()


def test_it_takes_the_certificate_over_and_never_asks(edge: Edge, node: Node) -> None:
    assert PLACEHOLDER in edge.shown().issuer.rfc4514_string()
    done = edge.keep()
    assert done.returncode == 0, done.stderr
    wait_until(lambda: edge.shown().serial_number == node.shown().serial_number)
    assert edge.certificate.stat().st_mode & 0o777 == 0o600
    # However late it is.
    edge.has(days=1)
    edge.set({"sources": []})
    assert edge.keep().returncode == 0
    assert not (edge.folder / "acme" / "private" / "tried").exists()


def test_jobs_come_by_tls_and_nodes_are_told(edge: Edge) -> None:
    answer, body = edge.reply(_JOB)
    lines = body.decode().splitlines()
    assert lines[0] == f"GET {_JOB}"
    assert f"host: {NAME}" in lines and "x-forwarded-proto: https" in lines
    assert answer.getheader("Strict-Transport-Security") == "max-age=300"


def test_another_name_finds_nothing(edge: Edge) -> None:
    answer, body = edge.reply(_JOB, host="other.example.org")
    assert (answer.status, json.loads(body)["code"]) == (404, "404")


@pytest.mark.parametrize(
    ("host", "to"), [(NAME, NAME), ("192.168.1.110", "192.168.1.110"), ("evil.example", NAME)]
)
def test_clear_text_leads_to_tls_and_a_post_stays_one(edge: Edge, host: str, to: str) -> None:
    answer, _ = edge.reply(f"{_JOB}?a=b", encrypted=False, method="POST", host=host)
    assert (answer.status, answer.getheader("Location")) == (308, f"https://{to}{_JOB}?a=b")


def test_keepalived_and_the_cluster_ask_in_clear_text(edge: Edge) -> None:
    answer, body = edge.reply("/health", encrypted=False, host="127.0.0.1")
    assert (answer.status, body) == (200, b"healthy\n")
    # There is nobody behind it here; it is no redirect.
    assert edge.reply("/cluster/status", encrypted=False, host="127.0.0.1")[0].status == 502


def test_an_authoritys_question_comes_to_the_node_that_has_the_answer(
    edge: Edge, node: Node
) -> None:
    challenge = node.folder / "acme" / "www" / ".well-known" / "acme-challenge"
    challenge.mkdir(parents=True)
    (challenge / "token").write_text("the answer")
    answer, body = edge.reply("/.well-known/acme-challenge/token", encrypted=False)
    assert (answer.status, body) == (200, b"the answer")


def test_the_shown_certificate_has_the_name(edge: Edge) -> None:
    kind = x509.SubjectAlternativeName
    names = edge.shown().extensions.get_extension_for_class(kind).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
