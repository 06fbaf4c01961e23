"""Calls of the page's functions by name, and what a wrong one leaves in the log."""

import json

import pytest

from tests.app.node_process import NodeProcess

FORGED = json.dumps({"level": "error", "message": "forged"})


@pytest.mark.parametrize("path", ["call/nothing", "call/nothing/", "call/v2/nothing"])
def test_there_is_no_such_function(node: NodeProcess, path: str) -> None:
    with node.client() as client:
        answer = client.post(f"/gradio_api/{path}", json={"data": []})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_function")


@pytest.mark.parametrize("path", ["call/synthesize", "call/synthesize/"])
def test_there_is_such_a_function(node: NodeProcess, path: str) -> None:
    with node.client() as client:
        answer = client.post(f"/gradio_api/{path}", json={"data": ["你好", "", 1, 1]})
    assert answer.json()["event_id"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("queue/data?session_hash=nobody", b'"session_not_found": true'),
        ("call/synthesize/nothing", b"event: error\n"),
        ("call/v2/synthesize/nothing", b"event: error\n"),
    ],
)
def test_a_stream_of_nobodys_events_says_so_and_ends(
    node: NodeProcess, path: str, told: bytes
) -> None:
    began = len(node.raw)
    with node.client() as client:
        answer = client.get(f"/gradio_api/{path}", headers={"Host": "tts.example"})
        assert client.get("/gradio_api/queue/data").status_code == 422
    assert (answer.status_code, answer.headers["content-type"][:17]) == (200, "text/event-stream")
    assert told in answer.content and answer.content.endswith(b"\n\n")
    node.wait_until(lambda: any(path.partition("?")[0] in line for line in node.raw[began:]))
    assert not any("Traceback" in line or "error" in line for line in node.raw[began:])


def test_a_stream_of_somebodys_events_is_gradios(node: NodeProcess) -> None:
    with node.client() as client:
        data = ["hello", "", 1, 1]
        event = client.post("/gradio_api/call/synthesize", json={"data": data}).json()["event_id"]
        assert b"event: complete" in client.get(f"/gradio_api/call/synthesize/{event}").content


def test_no_client_writes_a_line_of_the_log(node: NodeProcess) -> None:
    """Gradio prints what it was sent, where there is too little of it."""
    began = len(node.raw)
    with node.client() as client:
        sent = {"data": [f"\n{FORGED}\nend"], "fn_index": 0, "session_hash": "forger"}
        assert client.post("/gradio_api/queue/join", json=sent).status_code == 200
    node.wait_until(lambda: any("forged" in line for line in node.raw[began:]))
    assert not any(line.strip() == FORGED for line in node.raw[began:])
    assert all(json.loads(line)["node"] for line in node.raw[began:])
