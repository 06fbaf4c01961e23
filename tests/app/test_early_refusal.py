"""The short way to be told that the line is full tells, counts and logs what the long one does."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from app.early_refusal import HEADERS_READ, headers_read
from app.middleware.access_log import AccessLogMiddleware
from app.middleware.folded_log import FoldedLog
from app.middleware.full_queue import FullQueueMiddleware
from app.middleware.other_sites import OtherSitesMiddleware
from app.session_routing import SessionRouting
from tests.app.access.test_keys import keys_file
from tests.app.metrics.test_metrics import samples
from tests.app.middleware.test_full_queue import PATHS
from tests.app.node_process import NodeProcess, running

_LONG_WAY = {"Sec-Fetch-Site": "none"}
"""A header that only a layer reads, and that forbids nothing."""
_OF_ITS_OWN = {"x-request-id", "date"}
_KEY = {"Authorization": "Bearer alice-0123456789abcdef"}
_BOBS = "bob-0123456789abcdef"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with keys and a name, whose only worker is busy and whose line has no place."""
    folder: Path = tmp_path_factory.mktemp("full")
    options = {
        "--engine": "faulty",
        "--job-timeout": "600",
        "--api-keys-file": str(keys_file(folder, f"alice:alice-0123456789abcdef\nbob:{_BOBS}\n")),
        "--host-names": "tts.example",
    }
    words = [word for pair in options.items() for word in pair]
    with running(folder, *words) as started, ThreadPoolExecutor(1) as threads:
        started.wait_ready()
        threads.submit(lambda: ask(started, PATHS[0], text="hang"))
        started.wait_until(lambda: started.status()["jobs"]["running"] == 1)
        yield started
        started.process.kill()


def ask(
    node: NodeProcess, path: str, *, text: str = "hello", **headers: str
) -> httpx.Response | None:
    """On a connection of its own; None where the node went."""
    body = {"model": "tts-1", "input": text}
    usual = {"Host": "tts.example"} | _KEY
    with contextlib.suppress(httpx.TransportError), node.client(600) as client:
        return client.post(path, json=body, headers=usual | headers)
    return None


def told(node: NodeProcess, path: str, **headers: str) -> httpx.Response:
    answer = ask(node, path, **headers)
    assert answer is not None
    return answer


def lines(node: NodeProcess, path: str) -> list[dict[str, Any]]:
    """Lines of the access log about refusals."""
    return [line for line in list(node.lines) if _is_refusal(line, path)]


def _is_refusal(line: dict[str, Any], path: str) -> bool:
    return line.get("path") == path and line.get("status") == 429


@pytest.mark.parametrize("path", PATHS)
def test_both_ways_tell_the_same(full: NodeProcess, path: str) -> None:
    short, long = told(full, path), told(full, path, **_LONG_WAY)
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert short.status_code == 429
    assert set(short.headers) == set(long.headers) and set(short.headers) >= _OF_ITS_OWN
    for name in set(short.headers) - _OF_ITS_OWN:
        assert short.headers[name] == long.headers[name]
    assert told(full, path, **{"X-Request-ID": "mine"}).headers["x-request-id"] == "mine"


def test_a_wrong_key_and_another_name_are_told_first(full: NodeProcess) -> None:
    before = full.status()["jobs"]["busy"]
    for key in ("Bearer nobody", ""):
        assert told(full, PATHS[0], Authorization=key).status_code == 401
    assert told(full, PATHS[0], Host="evil.example").status_code == 421
    assert told(full, PATHS[0], Origin="http://evil.example").status_code == 403
    assert full.status()["jobs"]["busy"] == before


@pytest.mark.parametrize("layer", [CORSMiddleware, OtherSitesMiddleware, SessionRouting])
def test_what_a_layer_reads_is_no_short_way(layer: type) -> None:
    assert headers_read([layer, FullQueueMiddleware]) == HEADERS_READ[layer]


def test_a_new_layer_has_to_say_what_it_reads() -> None:
    """Every start of a node fails without it."""
    with pytest.raises(KeyError):
        headers_read([AccessLogMiddleware, GZipMiddleware, FullQueueMiddleware])
    assert headers_read([AccessLogMiddleware, FullQueueMiddleware, GZipMiddleware]) == frozenset()


def test_refusals_are_counted_and_logged_each_or_with_their_number(full: NodeProcess) -> None:
    path, times = PATHS[1], 30
    before = samples(full)["cosyvoice_jobs_total", "busy"]
    answers = [told(full, path, Authorization=f"Bearer {_BOBS}") for _ in range(times)]
    assert samples(full)["cosyvoice_jobs_total", "busy"] == before + times

    def of_bob() -> list[dict[str, Any]]:
        # Lines of others may still come: each key has its own.
        return [line for line in lines(full, path) if line["key"] == "bob"]

    full.wait_until(lambda: sum(line.get("times", 1) for line in of_bob()) == times)
    first = of_bob()[0]
    assert first["request_id"] == answers[0].headers["x-request-id"]
    assert (first["method"], first["client"]) == ("POST", "127.0.0.1")
    total = sum(len(answer.content) for answer in answers)
    assert sum(line["bytes"] for line in of_bob()) == total


def test_both_ways_count_as_requests(full: NodeProcess) -> None:
    series = 'cosyvoice_http_requests_total{method="POST",route="/v1/audio/speech",status="429"} '

    def counted() -> float:
        return float(full.get("/metrics").text.partition(f"\n{series}")[2].partition("\n")[0])

    before = counted()
    told(full, PATHS[0])
    told(full, PATHS[0], **_LONG_WAY)
    full.wait_until(lambda: counted() == before + 2)


def test_one_that_was_held_says_so_in_the_log(full: NodeProcess) -> None:
    seen = len(full.lines)
    with full.client() as client:

        def asked_again() -> bool:
            client.post(PATHS[0], json={}, headers=_KEY | _LONG_WAY | {"Host": "tts.example"})
            return any(0 < line.get("held", 0) < 1.1 for line in list(full.lines)[seen:])

        full.wait_until(asked_again)


def test_looks_at_a_full_node_never_wait(full: NodeProcess) -> None:
    usual = _KEY | {"Host": "tts.example"}
    with full.client() as client:
        assert client.post(PATHS[0], json={}, headers=usual).status_code == 429
        for path in ("/readyz", "/cluster/status", "/metrics", "/v1/models", "/"):
            assert client.get(path, headers=usual).status_code == 200
        assert client.post(PATHS[0], json={}, headers=usual).status_code == 429
    assert not any("held" in line for line in full.lines if line.get("method") == "GET")


def test_a_place_that_is_free_is_promised_once(tmp_path: Path) -> None:
    """Of many who come at the same moment none but those who find a place is read."""
    with running(tmp_path, "--engine", "faulty", "--job-timeout", "600") as node:
        node.wait_ready()
        with ThreadPoolExecutor(1) as threads:
            answers = asyncio.run(_at_once(node, 40))
            node.wait_until(lambda: node.status()["jobs"]["running"] == 1)
            assert node.status()["jobs"]["busy"] == len(answers) == 39
            slow = [line for line in node.lines if line.get("seconds") and line["status"] == 429]
            # Each quarter of a second that the first one takes to the line lets another one in.
            assert len(slow) < 10, "read and checked before they were refused"
            threads.submit(node.process.kill)


async def _at_once(node: NodeProcess, number: int) -> list[bytes]:
    """Heads of refusals, of which all come in one go of the loop; who is let in hangs."""
    port = httpx.URL(node.url).port
    body = json.dumps({"model": "tts-1", "input": "hang"}).encode()
    head = b"POST /v1/audio/speech HTTP/1.1\r\nHost: tts.example\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    for _, writer in opened:
        writer.write(head + body)
    reading = {asyncio.create_task(reader.readuntil(b"\r\n")) for reader, _ in opened}
    heads: list[bytes] = []
    while len(heads) < number - 1:
        done, reading = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
        # The one that was let in is answered, too, where a busy machine takes its time.
        heads += [head for task in done if b" 429 " in (head := task.result())]
    for task in reading:
        task.cancel()
    return heads


def test_lines_that_are_alike_become_one(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        folded = FoldedLog(logging.getLogger("folded"), "request")
        for client, size in (("a", 1), ("a", 2), ("b", 4), ("a", 8)):
            folded.count({"client": client}, {"bytes": size, "held": 0}, "")
        folded.tell()
        folded.tell()

    with caplog.at_level(logging.INFO, "folded"):
        asyncio.run(main())
    found = [(r.client, r.bytes, getattr(r, "times", 1)) for r in caplog.records]  # type: ignore[attr-defined]
    assert found == [("a", 1, 1), ("b", 4, 1), ("a", 10, 2)]
