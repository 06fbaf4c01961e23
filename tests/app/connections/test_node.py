"""A real node under many connections, heads without end, and without descriptors."""

import contextlib
import resource
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.connections.limits import allowed_by
from app.connections.seldom import INTERVAL
from tests.app.connections.serving import rest_of
from tests.app.metrics.test_metrics import samples
from tests.app.node_process import NodeProcess, running

_DESCRIPTORS = 300
_HEAD = b"GET /readyz HTTP/1.1\r\nHost: tts.example\r\n"


@pytest.fixture(scope="module")
def poor_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    folder, few = tmp_path_factory.mktemp("poor"), f"{_DESCRIPTORS}:{_DESCRIPTORS}"
    # This machine is a client here, and no proxy, whose clients are many.
    none = ("--trusted-proxies", "192.0.2.1")
    with running(folder, "--enable-queue", *none, DESCRIPTORS=few) as started:
        started.wait_ready()
        yield started


def _dial(node: NodeProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", httpx.URL(node.url).port or 0), 60)


def _descriptors(node: NodeProcess) -> int:
    return sum(1 for _ in Path(f"/proc/{node.process.pid}/fd").iterdir())


def _worker(node: NodeProcess) -> int | None:
    """Its process id."""
    found: int | None = node.status()["workers"][0]["pid"]
    return found


def _memory(node: NodeProcess) -> int:
    """MiB."""
    lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) >> 10


@pytest.mark.parametrize("sent", [b"", _HEAD], ids=["silent", "half a head"])
def test_directors_get_through_beside_silent_connections(
    poor_node: NodeProcess, sent: bytes
) -> None:
    said = len(poor_node.raw)
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            connection = stack.enter_context(_dial(poor_node))
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
        for _ in range(5):
            with poor_node.client() as client:
                answer = client.get("/readyz", headers={"Host": "tts.example"})
            assert answer.status_code == 200
        found = samples(poor_node)
        assert found["cosyvoice_connections_limit", ""] == allowed_by(_DESCRIPTORS, 0, 1).places
        assert found["cosyvoice_connections", ""] <= allowed_by(_DESCRIPTORS, 0, 1).places_of_one
        assert found["cosyvoice_connections_closed_total", "made_room"] > 200
        assert _descriptors(poor_node) < _DESCRIPTORS * 2 // 3
    told = [line for line in poor_node.raw[said:] if "readyz" not in line and "metrics" not in line]
    assert len(told) <= 3, told


def test_many_that_come_at_once_find_descriptors(poor_node: NodeProcess) -> None:
    said = len(poor_node.raw)
    with contextlib.ExitStack() as stack:
        poor_node.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(400):
                stack.enter_context(_dial(poor_node))
        finally:
            poor_node.process.send_signal(signal.SIGCONT)
        poor_node.wait_ready()
    assert not any("have to wait" in line for line in poor_node.raw[said:])


def test_a_head_without_end_costs_no_memory(node: NodeProcess) -> None:
    before = _memory(node)
    with _dial(node) as connection:
        connection.sendall(_HEAD + b"X-Long: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            for _ in range(60):
                connection.sendall(b"x" * (1 << 20))
                sent += 1
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")
    # Of the 60 that were sent, or as many as were taken.
    assert _memory(node) - before < 30


def test_running_out_of_descriptors_is_no_flood(tmp_path: Path) -> None:
    with running(tmp_path) as node, contextlib.ExitStack() as stack:
        node.wait_ready()
        usual = resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE)
        few = _descriptors(node) + 5
        begin, said = time.monotonic(), len(node.raw)
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, (few, usual[1]))
        for _ in range(50):
            stack.enter_context(_dial(node))
        node.wait_until(lambda: any("have to wait" in line for line in node.raw))
        # asyncio tries again, and would tell all of it again, after a second.
        end = time.monotonic() + 2.5
        node.wait_until(lambda: time.monotonic() > end)
        told = node.raw[said:]
        most = 1 + (time.monotonic() - begin) // INTERVAL
        assert sum("have to wait" in line for line in told) <= most, told
        assert not any("socket.accept" in line for line in told), told
        resource.prlimit(node.process.pid, resource.RLIMIT_NOFILE, usual)
        node.wait_ready()


def test_a_worker_starts_and_speaks_beside_more_connections_than_select_knows(
    tmp_path: Path,
) -> None:
    with contextlib.ExitStack() as stack:
        options = {"COSYVOICE_WORKER_MAX_JOBS": "1", "DESCRIPTORS": "1024:4096"}
        node = stack.enter_context(running(tmp_path, "--engine", "faulty", **options))
        node.wait_ready()
        for _ in range(1100):
            # They are kept for longer than silent ones.
            connection = stack.enter_context(_dial(node))
            connection.sendall(_HEAD + b"\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        first = _worker(node)
        assert node.speak(input="hello").status_code == 200
        node.wait_until(lambda: _worker(node) not in (first, None) and node.ready())
        assert _descriptors(node) > 1100
        assert node.speak(input="hello").status_code == 200


def test_a_client_that_goes_in_the_middle_of_an_upload_is_no_error(node: NodeProcess) -> None:
    said = len(node.raw)
    path = "/gradio_api/upload?upload_id=goes"
    with _dial(node) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: tts.example\r\n".encode())
        connection.sendall(b"Content-Type: multipart/form-data; boundary=x\r\n")
        connection.sendall(b"Content-Length: 100\r\n\r\n--x\r\nContent-")
        node.wait_until(lambda: node.status()["open"]["answers"] == 1)
    node.wait_until(lambda: any("/gradio_api/upload" in line for line in node.raw[said:]))
    node.wait_until(lambda: node.status()["open"]["answers"] == 0)
    assert not any("Traceback" in line for line in node.raw[said:])
