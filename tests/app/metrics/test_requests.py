"""Requests are counted by route and status, whatever is asked for, and belong to their trace."""

import asyncio
import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from app.metrics.jobs import SECONDS
from app.metrics.requests import RequestMetrics
from app.metrics.routes import METHODS, ROUTES, known, route_of
from app.middleware.access_log import AccessLogMiddleware
from app.middleware.trace_id import trace_id
from tests.app.node_process import NodeProcess

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_PARENT = f"00-{_TRACE}-00f067aa0ba902b7-01"
Key = tuple[str, str, str]


def requests(node: NodeProcess) -> Counter[Key]:
    """Counts by route, method and status, and of durations by route."""
    found: Counter[Key] = Counter()
    for family in text_string_to_metric_families(node.get("/metrics").text):
        for one in family.samples:
            labels = one.labels
            if one.name == "cosyvoice_http_requests_total":
                found[labels["route"], labels["method"], labels["status"]] = int(one.value)
            if one.name == "cosyvoice_http_request_duration_seconds_count":
                found[labels["route"], "", ""] = int(one.value)
    return found


def test_what_is_expected_is_there_at_zero_and_grows(faulty_node: NodeProcess) -> None:
    before = requests(faulty_node)
    assert set(before) >= {*known(), *((route, "", "") for route in ROUTES)}
    assert faulty_node.speak(input="hello").status_code == 200
    assert faulty_node.speak(input="raise").status_code == 500
    assert faulty_node.speak(input="hello", speed=99).status_code == 400
    with faulty_node.client() as client:
        for path in ("/outputs/a", "/outputs/b", "/v1/nothing", "/v1/models/x", "/a/b", "/c?d=e"):
            assert client.get(path).status_code in (200, 404)
        client.request("PROPFIND", "/healthz")
    grown = requests(faulty_node) - before
    speech = "/v1/audio/speech"
    assert {key: grown[key] for key in grown if key[0] == speech} == {
        (speech, "POST", "200"): 1,
        (speech, "POST", "500"): 1,
        (speech, "POST", "400"): 1,
        (speech, "", ""): 3,
    }
    assert grown["/outputs/{name}", "GET", "404"] == 2
    assert grown["/v1/{path}", "GET", "404"] == grown["/v1/models/{name}", "GET", "404"] == 1
    assert grown["/healthz", "other", "405"] == 1
    # Neither path nor method of a client is a label.
    assert {route for route, _, _ in grown} <= set(ROUTES)
    assert {method for _, method, _ in grown} <= METHODS | {"other", ""}
    assert "_created" not in faulty_node.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/inference_sft", "/inference_sft"),
        ("/v1/audio/voices/voice_0/x", "/v1/audio/voices/{voice_id}"),
        ("/gradio_api/queue/join", "/gradio_api/queue/join"),
        ("/gradio_api/heartbeat/x", "/gradio_api/{path}"),
        ("/_session_routing/owner", "/_session_routing/{path}"),
        ('/x"}\n', "other"),
        ("", "other"),
    ],
)
def test_routes(path: str, route: str) -> None:
    assert route_of(path) == route
    assert route in ROUTES


def test_buckets_are_fine_where_jobs_are() -> None:
    """A quantile is interpolated within a bucket: it is off by less than its width."""
    inner = [(low, high) for low, high in pairwise(SECONDS) if low >= 0.1]
    assert (inner[0][0], inner[-1][1]) == (0.1, 300)
    assert max(high / low for low, high in inner) <= 2.5
    assert max(high / low for low, high in inner if low >= 10) <= 1.5


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ([_PARENT], _TRACE),
        ([f"cc-{_TRACE}-00f067aa0ba902b7-01-what-is-to-come"], _TRACE),
        ([_PARENT, _PARENT], ""),
        ([f"{_PARENT}-more"], ""),
        ([_PARENT.replace("00-", "ff-", 1)], ""),
        ([_PARENT.upper()], ""),
        ([f"00-{'0' * 32}-00f067aa0ba902b7-01"], ""),
        (["x" * 9000], ""),
        ([], ""),
    ],
)
def test_a_trace_is_what_the_standard_says(sent: list[str], found: str) -> None:
    headers = [(b"accept", b"*/*"), *((b"traceparent", one.encode()) for one in sent)]
    assert trace_id(headers) == found


def test_a_request_is_logged_with_its_trace(faulty_node: NodeProcess) -> None:
    with faulty_node.client() as client:
        client.get("/v1/models", headers={"traceparent": _PARENT})
    faulty_node.wait_until(
        lambda: any(line.get("trace_id") == _TRACE for line in list(faulty_node.lines))
    )
    line = next(one for one in list(faulty_node.lines) if one.get("trace_id") == _TRACE)
    assert (line["path"], line["status"]) == ("/v1/models", 200)
    assert json.dumps(list(faulty_node.lines)).count(_TRACE) == 1


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("x"), "500"), (None, "499")])
def test_what_got_no_answer_is_counted(error: Exception | None, status: str) -> None:
    registry = CollectorRegistry()

    async def ends(scope: Scope, receive: Receive, send: Send) -> None:
        if error:
            raise error

    async def nothing(*_: Any) -> Any:
        return None

    layer = AccessLogMiddleware(ends, "rs1", RequestMetrics(registry).ended)
    scope = {"type": "http", "method": "GET", "path": "/a", "headers": []}
    try:
        asyncio.run(layer(scope, nothing, nothing))
    except RuntimeError as caught:
        assert caught is error
    labels = {"route": "other", "method": "GET", "status": status}
    assert registry.get_sample_value("cosyvoice_http_requests_total", labels) == 1
