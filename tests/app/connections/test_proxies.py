"""Whom a request is from: proxies of ours are believed, others are not even heard."""

from ipaddress import ip_network
from typing import Any

import pytest

from app.connections.proxies import Proxies
from app.connections.register import Register
from tests.app.node_process import NodeProcess

_OURS = Proxies([ip_network("127.0.0.1"), ip_network("::1"), ip_network("10.0.0.0/24")])


def settled(client: str, **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope: dict[str, Any] = {
        "client": (client, 4711),
        "scheme": "http",
        "headers": [(b"host", b"10.0.0.7:7860"), *pairs, (b"accept", b"*/*")],
    }
    _OURS.settle(scope)
    scope["headers"] = dict(scope["headers"])
    return scope


_TOLD = {
    "x_forwarded_for": "203.0.113.9",
    "x_forwarded_proto": "https",
    "x_forwarded_host": "tts.example.org",
    "x_real_ip": "6.6.6.6",
    "forwarded": "for=6.6.6.6",
}


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.3"])
def test_a_proxy_of_ours_is_believed(proxy: str) -> None:
    scope = settled(proxy, **_TOLD)
    assert scope["client"][0] == "203.0.113.9"
    assert scope["scheme"] == "https"
    assert scope["headers"] == {b"host": b"tts.example.org", b"accept": b"*/*"}


@pytest.mark.parametrize("client", ["203.0.113.66", "10.0.1.3", "2001:db8::1", "unix"])
def test_what_others_say_of_themselves_is_not_even_passed_on(client: str) -> None:
    scope = settled(client, **_TOLD)
    assert scope["client"] == (client, 4711)
    assert scope["scheme"] == "http"
    assert scope["headers"] == {b"host": b"10.0.0.7:7860", b"accept": b"*/*"}


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.3, 127.0.0.1", "203.0.113.9"),
        ("10.0.0.4, 10.0.0.3", "10.0.0.4"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::9]:51234", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        # Nobody who could be counted: the proxy itself is.
        ("unknown", "127.0.0.1"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        (", ,", "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(chain: str, client: str) -> None:
    assert settled("127.0.0.1", x_forwarded_for=chain)["client"][0] == client


@pytest.mark.parametrize("scheme", ["gopher", "", "https://evil"])
def test_a_scheme_is_one_of_two(scheme: str) -> None:
    assert settled("127.0.0.1", x_forwarded_proto=scheme)["scheme"] == "http"


def test_a_proxys_connections_are_many_clients() -> None:
    register = Register[str](places=10, places_of_one=2)
    assert [register.enter(name, "127.0.0.1", of_many=True) for name in "abc"] == [None] * 3


def test_a_page_behind_a_proxy_leads_to_where_it_was_asked_for(node: NodeProcess) -> None:
    with node.client() as client:
        told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "tts.lab"}
        assert client.get("/config", headers=told).json()["root"] == "https://tts.lab"
        assert client.get("/config", headers={"Host": "tts.lab"}).json()["root"] == "http://tts.lab"
        client.get("/v1/models", headers=told)
    node.wait_until(lambda: any(line.get("client") == "203.0.113.9" for line in node.lines))
