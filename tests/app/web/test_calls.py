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


def test_no_client_writes_a_line_of_the_log(node: NodeProcess) -> None:
    """Gradio prints what it was sent, where there is too little of it."""
    began = len(node.raw)
    with node.client() as client:
        sent = {"data": [f"\n{FORGED}\nend"], "fn_index": 0, "session_hash": "forger"}
        assert client.post("/gradio_api/queue/join", json=sent).status_code == 200
    node.wait_until(lambda: any("forged" in line for line in node.raw[began:]))
    assert not any(line.strip() == FORGED for line in node.raw[began:])
    assert all(json.loads(line)["node"] for line in node.raw[began:])
