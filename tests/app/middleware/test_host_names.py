"""A node that is told its names answers to no others."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.middleware.host_names import HostNamesMiddleware
from tests.app.node_process import NodeProcess, running

OURS = ("tts.example", "*.Voice.example")


def asked_as(host: str, names: tuple[str, ...] = OURS) -> Any:
    app = Starlette(
        routes=[Route("/", lambda request: PlainTextResponse("ours"))],
        middleware=[Middleware(HostNamesMiddleware, names=names)],
    )
    return TestClient(app).get("/", headers={b"Host": host.encode("latin-1")})


@pytest.mark.parametrize(
    "host",
    [
        "tts.example",
        "TTS.example:7860",
        "tts.example.",
        "a.voice.example",
        "a.b.voice.example:80",
        "localhost:7860",
        "192.0.2.100",
        "192.0.2.100:7860",
        "[2001:db8::100]:7860",
        "[::1]",
        "",
    ],
)
def test_own_names_and_addresses_are_answered_to(host: str) -> None:
    assert asked_as(host).text == "ours"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "tts.example.evil.example",
        "voice.example",
        "evilvoice.example",
        "tts.example@evil.example",
        "192.0.2.100.evil.example",
        "evil.example:tts.example",
        "[tts.example",
        "[tts.example]",
        "\xe9.example",
    ],
)
def test_others_are_not(host: str) -> None:
    answer = asked_as(host)
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "other_name")


def test_without_names_all_are() -> None:
    assert asked_as("evil.example", ()).text == "ours"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("named")
    with running(folder, "--engine", "faulty", "--host-names", "tts.example") as started:
        started.wait_ready()
        yield started


@pytest.mark.parametrize("path", ["/", "/v1/models", "/cluster/status", "/gradio_api/info"])
def test_a_whole_node(named: NodeProcess, path: str) -> None:
    with named.client() as client:
        assert client.get(path, headers={"Host": "evil.example:7860"}).status_code == 421
        assert client.get(path, headers={"Host": "tts.example"}).status_code == 200
        assert client.get(path).status_code == 200
