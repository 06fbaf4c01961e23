"""Events that speak count as jobs, whichever way Gradio is asked for them; nothing else does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.held import Held
from tests.app.node_process import NodeProcess, running

FORM = ["preset", "hi", "cmn", "", None, "", None, "", 1, 1, True, False, "wav"]
SESSION = "abcdefghijk"


class Page:
    """Asks a node for the page's functions as a browser would, under a name."""

    def __init__(self, node: NodeProcess) -> None:
        self.node = node
        functions = node.get("/config").json()["dependencies"]
        self._ids = {one["api_name"]: one["id"] for one in functions}
        self._known_by = dict(node.get("/").cookies)

    def post(self, path: str, **body: Any) -> httpx.Response:
        with self.node.client() as client:
            client.cookies.update(self._known_by)
            headers = {"Host": "tts.example:7860", "Origin": "http://tts.example:7860"}
            return client.post(f"/gradio_api/{path}", json=body, headers=headers)

    def ask(self, path: str, name: str, data: list[Any]) -> httpx.Response:
        return self.post(path, data=data, fn_index=self._ids[name], session_hash=SESSION)

    def looks(self) -> list[httpx.Response]:
        """The history, its search and, where the engine knows marks, their check; the last
        through the queue."""
        names = [name for name in ("look", "look_3", "read") if name in self._ids]
        asked = {name: ["a"] if name == "read" else ["a", "all"] for name in names}
        direct = [self.ask("run/predict", name, data) for name, data in asked.items()]
        return [*direct, self.ask("queue/join", "look", ["a", "all"])]


@pytest.fixture(params=[(), ("--enable-queue",)], ids=["no queue", "queue"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    with running(tmp_path, "--client-rate", "2", *request.param) as node:
        node.wait_ready()
        yield Page(node)


def test_looks_are_free_and_every_way_to_speech_counts(page: Page) -> None:
    assert [answer.status_code for _ in range(3) for answer in page.looks()[:3]] == [200] * 9
    assert page.looks()[3].status_code in (200, 503), "free, but the queue may be full"
    page.node.wait_until(lambda: page.node.status()["jobs"]["waiting"] == 0)
    begun = [page.ask("queue/join", "make", FORM)]
    # It stands in the queue, where without --enable-queue one has a place.
    page.node.wait_until(lambda: page.node.status()["jobs"]["done"] == 1)
    begun.append(page.post("call/synthesize", data=["hi", "cmn", 1, 1]))
    assert [answer.status_code for answer in begun] == [200, 200]
    refused = [
        page.ask("queue/join", "make", FORM),
        page.ask("queue/join", "synthesize", ["hi", "cmn", 1, 1]),
        page.post("call/synthesize", data=["hi", "cmn", 1, 1]),
        page.post("call/v2/synthesize", text="hi"),
    ]
    assert [answer.status_code for answer in refused] == [429] * 4
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert refused[0].json()["error"]["code"] == "rate_limit_exceeded"
    # Closed, or counted: never a way round.
    direct = [
        page.post("run/synthesize", data=["hi", "cmn", 1, 1]),
        page.post("api/synthesize", data=["hi", "cmn", 1, 1]),
        page.post("run/synthesize/", data=["hi", "cmn", 1, 1]),
        page.ask("run/predict", "make", FORM),
        page.ask("api/look", "make", FORM),
    ]
    assert {answer.status_code for answer in direct} <= {404, 429}
    assert [answer.status_code for answer in page.looks()[:3]] == [200] * 3
    assert not any("Traceback" in line for line in page.node.raw), "".join(page.node.raw)


def test_a_node_that_stops_still_shows_its_history(tmp_path: Path) -> None:
    with running(tmp_path, "--engine", "faulty", "--enable-queue") as node, Held(tmp_path) as held:
        node.wait_ready()
        page = Page(node)
        form = ["preset", held.text, "tone", *FORM[3:]]
        assert page.ask("queue/join", "make", form).status_code == 200
        node.wait_until(lambda: node.status()["jobs"]["running"] == 1)
        node.terminate()
        node.wait_until(lambda: node.get("/readyz").status_code == 503)
        assert [answer.status_code for answer in page.looks()] == [200] * 3
        refused = page.ask("queue/join", "make", FORM)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
        assert "retry-after" in refused.headers
