"""Clients' names of their sessions are remembered, and have a greatest length."""

import json
from typing import Any

import httpx
import pytest

from app.session_routing.session_names import LONGEST
from tests.app.node_process import NodeProcess
from tests.app.session_routing.cluster import Nodes

LONG = "n" * (LONGEST + 1)


def form(name: str) -> dict[str, Any]:
    fields = {"data": "{}", "fn_name": "ls", "component_id": "1", "session_hash": name}
    return {"files": {name: (None, value) for name, value in fields.items()}}


def body(name: str, **more: Any) -> dict[str, Any]:
    return {"json": {"data": ["x"], "fn_index": 0, "session_hash": name, **more}}


ASKED: list[tuple[str, str, Any]] = [
    ("POST", "queue/join", body),
    ("POST", "run/predict", body),
    ("POST", "api/greet", body),
    ("POST", "call/greet", body),
    ("POST", "call/v2/greet", body),
    ("POST", "cancel", lambda name: body(name, event_id="e")),
    ("POST", "component_server", form),
    ("POST", "component_server", lambda name: body(name, component_id=1, fn_name="ls")),
    ("POST", "stream/{name}", lambda name: body("s")),
    ("POST", "stream/{name}/close", lambda name: {}),
    ("POST", "upload?upload_id={name}", lambda name: {"files": {"files": ("a.txt", b"a")}}),
    ("GET", "queue/data?session_hash={name}", lambda name: {}),
    ("GET", "heartbeat/{name}", lambda name: {}),
    ("GET", "upload_progress?upload_id={name}", lambda name: {}),
    ("GET", "call/greet/{name}", lambda name: {}),
    ("GET", "stream/{name}/run/1/playlist.m3u8", lambda name: {}),
]
IDS = [f"{method} {path} {number}" for number, (method, path, _) in enumerate(ASKED)]


@pytest.mark.parametrize(("method", "path", "more"), ASKED, ids=IDS)
@pytest.mark.parametrize("release", ["", "/r/one"])
def test_no_name_is_too_long(nodes: Nodes, method: str, path: str, more: Any, release: str) -> None:
    where = f"{nodes.url}{release}/gradio_api/{path.format(name=LONG)}"
    answer = httpx.request(method, where, timeout=30, **more(LONG))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "name_too_long"


@pytest.mark.parametrize("path", ["queue/join", "call/greet"])
def test_a_node_without_peers_keeps_to_it_too(node: NodeProcess, path: str) -> None:
    with node.client() as client:
        answer = client.post(f"/gradio_api/{path}", **body("会" * (LONGEST + 1)))
        allowed = client.post(f"/gradio_api/{path}", **body("会" * LONGEST))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "name_too_long")
    assert b"name_too_long" not in allowed.content


def test_bodies_that_are_read_for_a_name_are_bounded(node: NodeProcess) -> None:
    content = json.dumps({"data": ["x" * (2 << 20)]})
    with node.client() as client:
        assert client.post("/gradio_api/queue/join", content=content).status_code == 413
