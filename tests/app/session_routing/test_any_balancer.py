"""gradio_client, raw HTTP and uploads through a balancer without any stickiness."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from gradio_client import handle_file

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, Nodes


def test_a_session_keeps_its_state_and_its_node(nodes: Nodes) -> None:
    client = patient_client(nodes.url)
    answers = [client.predict("你好", api_name="/greet") for _ in range(6)]
    owner = answers[0].split()[2]
    assert owner in NAMES
    assert answers == [f"你好 by {owner} {number}" for number in range(1, 7)]


def test_sessions_at_the_same_time_are_spread_and_none_fails(nodes: Nodes) -> None:
    def one(number: int) -> str:
        answer: str = patient_client(nodes.url).predict(str(number), api_name="/slow")
        return answer

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(30)))
    assert [answer.rsplit(" by ")[0] for answer in answers] == [f"{n} 5" for n in range(30)]
    assert {answer.rsplit(" by ")[1] for answer in answers} == set(NAMES)


def test_an_event_is_found_by_its_id_alone(nodes: Nodes) -> None:
    for _ in range(9):
        call = httpx.post(f"{nodes.url}/gradio_api/call/slow", json={"data": ["raw"]}, timeout=30)
        event = call.json()["event_id"]
        answer = httpx.get(f"{nodes.url}/gradio_api/call/slow/{event}", timeout=30).text
        assert "event: complete" in answer and "raw 5 by" in answer


def test_a_raw_session_is_answered_wherever_it_asks(nodes: Nodes) -> None:
    config = httpx.get(f"{nodes.url}/config", timeout=30).json()
    number = next(fn["id"] for fn in config["dependencies"] if fn["api_name"] == "slow")
    for turn in range(9):
        session = {"session_hash": f"raw{turn}"}
        body = {"data": ["x"], "fn_index": number, **session}
        joined = httpx.post(f"{nodes.url}/gradio_api/queue/join", json=body, timeout=30)
        assert joined.status_code == 200, joined.text
        said = []
        with httpx.stream(
            "GET", f"{nodes.url}/gradio_api/queue/data", params=session, timeout=30
        ) as stream:
            said = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line]
        assert said[-1]["msg"] == "close_stream"
        ended = next(message for message in said if message["msg"] == "process_completed")
        assert ended["success"]


def test_a_file_is_read_where_it_was_not_written(nodes: Nodes, tmp_path: Path) -> None:
    for _ in range(3):
        path = patient_client(nodes.url, download_files=str(tmp_path)).predict(
            "words", api_name="/write"
        )
        assert Path(path).read_text().startswith("words by ")


def test_a_link_to_a_session_is_made_where_the_session_is(nodes: Nodes) -> None:
    client = patient_client(nodes.url)
    client.predict("words", api_name="/greet")
    session = {"session_hash": client.session_hash}
    links = [
        httpx.get(f"{nodes.own_url(name)}/gradio_api/deep_link", params=session, timeout=30).json()
        for name in NAMES
    ]
    assert links[0] and len(set(links)) == 1, links


def test_a_large_upload_comes_through_whole(nodes: Nodes, tmp_path: Path) -> None:
    large = tmp_path / "大文件.bin"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    client = patient_client(nodes.url)
    assert client.predict(handle_file(str(large)), api_name="/read") == f"{100 << 20} bytes"


def test_upload_and_its_progress_meet(nodes: Nodes) -> None:
    where = {"upload_id": "progress1"}
    with ThreadPoolExecutor(1) as pool:
        files = {"files": ("a.bin", bytes(5 << 20))}
        sent = pool.submit(
            httpx.post, f"{nodes.url}/gradio_api/upload", params=where, files=files, timeout=60
        )
        progress = httpx.get(f"{nodes.url}/gradio_api/upload_progress", params=where, timeout=60)
        assert sent.result().status_code == 200
    assert progress.status_code == 200
    assert progress.text.rstrip().endswith('{"msg": "done"}')


def test_nobody_but_a_peer_is_answered_as_one(nodes: Nodes) -> None:
    for path in ("condition", "locate", "known", "pin"):
        forged = {"x-session-routing": f"two one {time.time():.3f} 00 {'0' * 64}"}
        url = f"{nodes.own_url('one')}/_session_routing/{path}"
        assert httpx.post(url, json={}, headers=forged, timeout=30).status_code == 404
        assert httpx.post(url, json={}, timeout=30).status_code == 404


def test_the_owner_dies_and_the_next_job_of_its_session_is_done(nodes: Nodes) -> None:
    client = patient_client(nodes.url)
    owner = client.predict("before", api_name="/greet").split()[2]
    nodes.kill(owner)
    try:
        again = client.predict("after", api_name="/greet")
        assert again.split()[0] == "after" and again.split()[2] != owner
        for _ in range(5):
            assert patient_client(nodes.url).predict("new", api_name="/greet")
    finally:
        nodes.start(owner)
        nodes.wait_for(owner)
    # The one that returns takes over no session that lives elsewhere.
    assert client.predict("still", api_name="/greet") == f"still by {again.split()[2]} 2"


def test_pages_of_other_sites_can_neither_read_nor_do_anything(nodes: Nodes) -> None:
    # By a name that is not localhost, where Gradio lets every origin in.
    asked = {"Host": "app.example:7860", "Origin": "http://evil.example"}
    for path in ("/", "/config", "/gradio_api/info"):
        answer = httpx.get(f"{nodes.url}{path}", headers=asked, timeout=30)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
    preflight = asked | {"Access-Control-Request-Method": "POST"}
    url = f"{nodes.url}/gradio_api/queue/join"
    allowed = httpx.request("OPTIONS", url, headers=preflight, timeout=30).headers
    assert not [name for name in allowed if name.startswith("access-control-")]
    for name in NAMES:
        at = f"{nodes.own_url(name)}/gradio_api/run/greet"
        body = {"data": ["x", 0], "session_hash": "of-a-page"}
        assert httpx.post(at, headers=asked, json=body, timeout=30).status_code == 403
        own = {"Host": "app.example:7860", "Origin": "http://app.example:7860"}
        assert httpx.post(at, headers=own, json=body, timeout=30).status_code == 200
