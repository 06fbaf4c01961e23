"""Pages of other sites, asked for under a name as every browser on a virtual IP does: Gradio is
strict on localhost alone."""

import json
from pathlib import Path

import httpx
import pytest

from tests.app.node_process import NodeProcess

OWN = {"Host": "tts.example:7860", "Origin": "http://tts.example:7860"}
OTHER = {"Host": "tts.example:7860", "Origin": "http://evil.example"}


def ask(
    node: NodeProcess, method: str, path: str, headers: dict[str, str], **more: object
) -> httpx.Response:
    with node.client() as client:
        return client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", ["/", "/config", "/gradio_api/info", "/v1/models", "/cluster/status", "/nowhere"]
)
def test_they_may_read_nothing(node: NodeProcess, path: str) -> None:
    for origin in ("http://evil.example", "null"):
        answer = ask(node, "GET", path, OTHER | {"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/v1/audio/voices"),
        ("DELETE", "/v1/audio/voices/voice_0"),
        ("POST", "/AIVoice/TTS/CosyVoice2/audio-generate"),
    ],
)
@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://tts.example:7861"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://tts.example:7860", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_they_may_do_nothing(
    node: NodeProcess, method: str, path: str, sent: dict[str, str]
) -> None:
    answer = ask(node, method, path, {"Host": "tts.example:7860", **sent})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "other_site")
    asked = {"Access-Control-Request-Method": method, "Origin": "http://evil.example"}
    preflight = ask(node, "OPTIONS", path, {"Host": "tts.example:7860", **asked})
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize(
    "sent",
    [
        OWN,
        {"Host": "tts.example", "Origin": "https://TTS.example"},
        {"Host": "node", "X-Forwarded-Host": "tts.example", "Origin": "https://tts.example"},
        {"Host": "tts.example", "Sec-Fetch-Site": "same-origin", "Origin": "https://tts.example"},
        {"Host": "tts.example", "Sec-Fetch-Site": "none"},
        {"Host": "tts.example"},
    ],
)
def test_the_own_page_and_programs_may(node: NodeProcess, sent: dict[str, str]) -> None:
    body = {"model": "tts-1", "input": "hi", "voice": "en-us", "response_format": "wav"}
    assert ask(node, "POST", "/v1/audio/speech", sent, json=body).status_code == 200


@pytest.mark.parametrize("path", ["/", "/readyz", "/v1/models", "/nowhere", "/gradio_api/info"])
def test_browsers_are_told_what_to_keep_to(node: NodeProcess, path: str) -> None:
    headers = node.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize("field", ["voice", "input", "model", "response_format", "\ud800"])
def test_half_a_surrogate_pair_is_refused(node: NodeProcess, field: str) -> None:
    body = {"model": "tts-1", "input": "a", "voice": "en-us"} | {field: "\ud800"}
    with node.client() as client:
        for _ in range(2):
            answer = client.post(
                "/v1/audio/speech",
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 400, answer.text
            assert answer.json()["error"]["type"] == "invalid_request_error"
        assert client.get("/v1/models").status_code == 200


def test_a_log_line_stays_one_line(node: NodeProcess, tmp_path: Path) -> None:
    assert node.get("/%E2%80%A8a%C2%85b%C2%9B31m%7F").status_code == 404

    def logged() -> list[str]:
        return [line for line in node.raw if "b\\u009b31m" in line]

    node.wait_until(logged)
    line = logged()[0]
    assert len(line.splitlines()) == 1
    assert json.loads(line)["path"] == "/\u2028a\x85b\x9b31m\x7f"
