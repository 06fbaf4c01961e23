"""The page is rendered once for each way in which it is asked for."""

import itertools

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.middleware.page_cache import PageCacheMiddleware
from tests.app.node_process import NodeProcess


class CountingApp:
    """Answers with how often it was asked."""

    def __init__(self, status: int = 200) -> None:
        self._status = status
        self._times = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = PlainTextResponse(f"{next(self._times)} times", self._status)
        await answer(scope, receive, send)


@pytest.fixture
def page() -> TestClient:
    return TestClient(PageCacheMiddleware(CountingApp(), {"/"}))


def test_for_all_who_ask_in_the_same_way(page: TestClient) -> None:
    answers = [page.get("/", headers={"x-request-id": str(number)}) for number in range(3)]
    assert {answer.text for answer in answers} == {"1 times"}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "tts.example"},
        {"x-forwarded-host": "tts.example"},
        {"x-forwarded-proto": "https"},
        {"x-gradio-server": "http://tts.example"},
        {"accept-encoding": "identity"},
    ],
)
def test_apart_for_each_way(page: TestClient, headers: dict[str, str]) -> None:
    assert page.get("/").text == "1 times"
    assert page.get("/", headers=headers).text == "2 times"
    assert page.get("/", headers=headers).text == "2 times"
    assert page.get("/").text == "1 times"


def test_roots_are_told_apart() -> None:
    app = PageCacheMiddleware(CountingApp(), {"/"})
    bare, below = TestClient(app), TestClient(app, root_path="/r/two")
    for _ in range(2):
        assert [bare.get("/").text, below.get("/").text] == ["1 times", "2 times"]


@pytest.mark.parametrize("asked", ["/?deep_link=a", "/other"])
def test_nothing_else_is_kept(page: TestClient, asked: str) -> None:
    assert [page.get(asked).text for _ in range(2)] == ["1 times", "2 times"]


def test_failures_are_not_kept() -> None:
    client = TestClient(PageCacheMiddleware(CountingApp(503), {"/"}))
    assert [client.get("/").text for _ in range(2)] == ["1 times", "2 times"]


def test_made_up_names_fill_no_memory() -> None:
    app = PageCacheMiddleware(CountingApp(), {"/"})
    client = TestClient(app)
    for number in range(1000):
        client.get("/", headers={"host": f"{number}.example"})
    long = {"host": "a" * 10_000}
    assert client.get("/", headers=long).text != client.get("/", headers=long).text
    assert len(app._kept) == 64


@pytest.mark.parametrize("path", ["/", "/config"])
@pytest.mark.parametrize(
    "way", [{}, {"x-forwarded-proto": "https"}, {"x-forwarded-host": "voice.example"}]
)
def test_what_is_kept_is_what_gradio_would_say(
    node: NodeProcess, path: str, way: dict[str, str]
) -> None:
    def ask(host: str, query: str = "") -> httpx.Response:
        with node.client() as client:
            return client.get(path + query, headers={"host": host, **way})

    for host in ("one.example", "two.example:7860"):
        first, kept, anew = ask(host), ask(host), ask(host, "?anew=1")
        assert first.text == kept.text == anew.text
        assert kept.headers["content-encoding"] == "gzip"
        assert "gzip" not in anew.headers.get("content-encoding", "")
        assert (way.get("x-forwarded-host") or host) in kept.text
        # What layers outside add is each answer's own.
        assert kept.headers["x-request-id"] != first.headers["x-request-id"]
        assert kept.headers.get_list("x-request-id") == [kept.headers["x-request-id"]]
