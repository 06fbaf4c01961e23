"""Nginx in front of a node a card, as rendered, on the one that is installed here."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.ports import refusing_port
from tests.roles.nginx_site import App, Site, started


class Card(App, BaseHTTPRequestHandler):
    """A node that is ready or not, and counts what it gets."""

    def do_GET(self) -> None:
        node = self.server
        assert isinstance(node, Node)
        if self.path == "/readyz":
            self.send_response(200 if node.ready else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def do_POST(self) -> None:
        assert isinstance(self.server, Node)
        self.server.jobs += 1
        super().do_POST()


class Node(ThreadingHTTPServer):
    """One of them."""

    ready, jobs = True, 0


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    found = [Node(("127.0.0.1", 0), Card) for _ in range(2)]
    for node in found:
        threading.Thread(target=node.serve_forever, daemon=True).start()
    yield found
    for node in found:
        node.shutdown()
        node.server_close()


def _posted(site: Site) -> int:
    connection = site.connection()
    connection.request("POST", "/v1/audio/speech", body=b"{}")
    return connection.getresponse().status


def _ready(site: Site) -> tuple[int, int]:
    """As a director asks by TLS, and in clear text."""
    plain = http.client.HTTPConnection("127.0.0.1", site.plain, timeout=30)
    plain.request("GET", "/readyz")
    return site.get("/readyz").status, plain.getresponse().status


def test_a_host_is_ready_and_serves_while_one_card_does(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[Node]
) -> None:
    first, second = nodes
    folder = tmp_path_factory.mktemp("all")
    ports = [node.server_address[1] for node in nodes]
    with started(Site(folder, 0, case="per-gpu-tls", cards=ports)) as site:
        assert {_posted(site) for _ in range(10)} == {200}
        assert first.jobs and second.jobs
        second.ready = False
        # Whichever of them is asked first.
        assert {_ready(site) for _ in range(6)} == {(200, 200)}
        assert {_posted(site) for _ in range(10)} == {200}, "a node that is out of itself lends"
        first.ready = False
        assert _ready(site) == (503, 503)


def test_a_card_whose_node_is_gone_takes_no_request_with_it(
    tmp_path_factory: pytest.TempPathFactory, nodes: list[Node]
) -> None:
    folder = tmp_path_factory.mktemp("gone")
    with refusing_port() as gone:
        ports = [gone, nodes[1].server_address[1]]
        with started(Site(folder, 0, case="per-gpu-tls", cards=ports)) as site:
            assert {_posted(site) for _ in range(20)} == {200}
            assert nodes[1].jobs == 20, "each of them once"
            assert {_ready(site) for _ in range(4)} == {(200, 200)}
