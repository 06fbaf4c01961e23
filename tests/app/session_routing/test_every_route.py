"""Streams, pushes, cancellation and component functions: each reaches the session's node."""

import httpx
import pytest

from tests.app.session_routing.cluster import NAMES, Nodes
from tests.app.session_routing.session import Session

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def everywhere(nodes: Nodes) -> list[str]:
    return [nodes.own_url(name) for name in NAMES]


def test_playlists_and_their_segments(nodes: Nodes, everywhere: list[str]) -> None:
    session = Session(nodes.url)
    owner = session.run(nodes.url, "playlist")
    folder = f"stream/{session.hash}/run/1"
    for at in everywhere:
        told = session.get(at, f"{folder}/playlist.m3u8")
        assert told.status_code == 200 and told.text.startswith("#EXTM3U")
        segment = next(line for line in told.text.splitlines() if line.endswith(".aac"))
        assert session.get(at, f"{folder}/{segment}").text == owner


def test_pushed_input_and_its_end(nodes: Nodes, everywhere: list[str]) -> None:
    for at in everywhere:
        session = Session(nodes.url)
        event = session.join(nodes.url, "pushed", None)
        stream = session.events(nodes.url)
        while next(stream)["msg"] not in ("process_streaming", "process_generating"):
            pass
        for other in everywhere:
            pushed = session.post(other, f"stream/{event}", data=[None])
            assert pushed.status_code == 200, pushed.text
        # It names nothing but the event.
        ended = httpx.post(f"{at}/gradio_api/stream/{event}/close", json={}, timeout=30)
        assert ended.status_code == 200
        assert [said["msg"] for said in stream][-1] == "close_stream"


def test_cancel_and_reset(nodes: Nodes, everywhere: list[str]) -> None:
    for at in everywhere:
        session = Session(nodes.url)
        event = session.join(nodes.url, "long", 60)
        stream = session.events(nodes.url)
        while next(stream)["msg"] != "process_generating":
            pass
        cancelled = session.post(at, "cancel", event_id=event, fn_index=0)
        assert cancelled.json() == {"success": True}
        assert [said["msg"] for said in stream][-1] == "close_stream"
        assert session.post(at, "reset", event_id=event).json() == {"success": True}


def test_functions_of_components(nodes: Nodes, everywhere: list[str]) -> None:
    session = Session(nodes.url)
    owner = session.run(nodes.url, "slow", "x").rsplit(" ", 1)[1]
    part = session.parts["fileexplorer"]
    for at in everywhere:
        told = session.post(at, "component_server", component_id=part, fn_name="ls", data=[])
        assert any(item["name"] == "small_app.py" for item in told.json())
        assert told.headers["x-made-by"] == owner


def test_plain_runs_and_heartbeats(nodes: Nodes, everywhere: list[str]) -> None:
    session = Session(nodes.url)
    owner = session.run(nodes.url, "slow", "x").rsplit(" ", 1)[1]
    for at in everywhere:
        url = f"{at}/gradio_api/heartbeat/{session.hash}"
        with httpx.stream("GET", url, timeout=30) as beat:
            assert beat.headers["x-made-by"] == owner
