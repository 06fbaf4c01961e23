"""Methods that a path of the API does not have."""

import pytest

from tests.app.node_process import NodeProcess


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/audio/speech", "POST"),
        ("TRACE", "/v1/audio/speech", "POST"),
        ("GET", "/AIVoice/TTS/CosyVoice2/audio-generate", "POST"),
        ("POST", "/readyz", "GET, HEAD"),
        ("PUT", "/v1/audio/voices", "GET, HEAD, POST"),
    ],
)
def test_it_is_told_which_there_are(
    node: NodeProcess, method: str, path: str, allowed: str
) -> None:
    with node.client() as client:
        answer = client.request(method, path, headers={"Host": "tts.example"})
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()


def test_what_is_not_there_is_not_found(node: NodeProcess) -> None:
    with node.client() as client:
        for method, path in (("GET", "/v1/nothing"), ("POST", "/v1/nothing"), ("GET", "/nothing")):
            assert client.request(method, path).status_code == 404
        assert client.get("/").status_code == 200
