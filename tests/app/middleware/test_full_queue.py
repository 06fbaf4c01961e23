"""Refusals that cost little: before a request is read, and before a key is known."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.app.access.test_keys import keys_file
from tests.app.held import Held
from tests.app.node_process import NodeProcess, running

PATHS = ("/v1/audio/speech", "/AIVoice/TTS/CosyVoice2/audio-generate")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with one worker that is busy and no place in its line."""
    folder = tmp_path_factory.mktemp("full")
    with running(folder, "--engine", "faulty", "--job-timeout", "600") as started:
        started.wait_ready()
        with ThreadPoolExecutor(1) as threads, Held(folder) as held:
            busy = threads.submit(_speak_for_long, started, held.text)
            started.wait_until(lambda: started.status()["jobs"]["running"] == 1)
            yield started
            assert not busy.done()


def _speak_for_long(node: NodeProcess, text: str) -> int:
    body = {"model": "tts-1", "input": text, "response_format": "wav", "stream": False}
    with node.client(600) as client:
        return client.post("/v1/audio/speech", json=body).status_code


def head_alone(node: NodeProcess, path: str, *headers: str, length: int = 100_000) -> str:
    """What is answered to a request of which only the head is sent."""
    there = urlsplit(node.url)
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: tts.example",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        "Connection: close",
        *headers,
        "",
        "",
    ]
    with socket.create_connection((there.hostname or "", there.port or 0), 60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode("latin-1")


@pytest.mark.parametrize("path", PATHS)
def test_a_full_line_is_told_before_the_request_is_read(full: NodeProcess, path: str) -> None:
    before = full.status()["jobs"]["busy"]
    answer = head_alone(full, path)
    assert answer.startswith("HTTP/1.1 429")
    assert "\r\nretry-after: " in answer
    assert '"code":"429"' in answer and '"code":"busy"' in answer
    assert full.status()["jobs"]["busy"] == before + 1


def test_a_full_line_hides_nothing_else(full: NodeProcess) -> None:
    for path in ("/", "/v1/models", "/readyz"):
        assert full.get(path).status_code == 200
    assert full.get(PATHS[0]).status_code == 405


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node of a cluster, with keys."""
    folder: Path = tmp_path_factory.mktemp("guarded")
    keys = keys_file(folder, "alice:alice-0123456789abcdef\n")
    (folder / "peers").write_text("other http://127.0.0.1:9\n")
    (folder / "secret").touch(0o600)
    (folder / "secret").write_text("a secret of sixteen and more")
    cluster = ("--peers-file", str(folder / "peers"))
    secret = ("--cluster-secret-file", str(folder / "secret"))
    with running(folder, "--api-keys-file", str(keys), *cluster, *secret) as started:
        started.wait_ready()
        yield started


@pytest.mark.parametrize("path", [*PATHS, "/gradio_api/queue/join", "/gradio_api/upload"])
def test_a_key_comes_before_the_body(guarded: NodeProcess, path: str) -> None:
    assert head_alone(guarded, path).startswith("HTTP/1.1 401")
    assert head_alone(guarded, path, "Authorization: Bearer nobody").startswith("HTTP/1.1 401")


def test_nodes_need_no_key_for_each_other(guarded: NodeProcess) -> None:
    """They have passes, and without one they are told nothing."""
    for path in ("/_session_routing/condition", "/_lending/waiting"):
        with guarded.client() as client:
            assert client.post(path, json={}).status_code in (403, 404)
