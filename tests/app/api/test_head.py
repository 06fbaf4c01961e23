"""HEAD is answered as GET is, without the content."""

import socket

import httpx
import pytest

from tests.app.connections.serving import rest_of
from tests.app.node_process import NodeProcess

PATHS = (
    "/healthz",
    "/readyz",
    "/cluster/status",
    "/metrics",
    "/v1/models",
    "/v1/audio/voices",
    "/openapi.json",
    "/docs",
)
_OF_THAT_ANSWER = {"x-request-id", "date", "content-length"}


@pytest.mark.parametrize("path", PATHS)
def test_it_has_the_fields_of_get(node: NodeProcess, path: str) -> None:
    with node.client() as client:
        head = client.head(path, headers={"Host": "tts.example"})
        get = client.get(path, headers={"Host": "tts.example"})
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert set(head.headers) == set(get.headers)
    for name in set(get.headers) - _OF_THAT_ANSWER:
        assert head.headers[name] == get.headers[name]


def test_nothing_but_the_head_is_sent_and_logged(node: NodeProcess) -> None:
    port = httpx.URL(node.url).port or 0
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        fields = b"Host: tts.example\r\nX-Request-ID: only-the-head\r\nConnection: close\r\n"
        connection.sendall(b"HEAD /v1/models HTTP/1.1\r\n" + fields + b"\r\n")
        assert rest_of(connection).endswith(b"\r\n\r\n")
    node.wait_until(lambda: any(x.get("request_id") == "only-the-head" for x in node.lines))
    line = next(x for x in node.lines if x.get("request_id") == "only-the-head")
    assert (line["method"], line["status"], line["bytes"]) == ("HEAD", 200, 0)


def test_an_output_has_a_head_and_what_is_not_there_has_none(node: NodeProcess) -> None:
    with node.client() as client:
        sent = {"text": "hello"}
        made = client.post("/AIVoice/TTS/CosyVoice2/audio-generate", json=sent).json()
        name = next(node.outputs.glob("*.wav")).name
        assert made["code"]
        head = client.head(f"/outputs/{name}")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(client.get(f"/outputs/{name}").content)
        for path in ("/outputs/nothing.wav", "/v1/nothing"):
            assert client.head(path).status_code == 404
