"""What is under way at a node is counted, and what only looks at it is not."""

import threading
from collections.abc import Iterator

import pytest

from tests.app.node_process import NodeProcess, running


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with running(tmp_path_factory.mktemp("node")) as node:
        node.wait_ready()
        yield node


def test_nothing_is_open_on_an_idle_node(node: NodeProcess) -> None:
    assert node.status()["open"] == {"answers": 0, "pages": 0}


def test_an_answer_counts_until_its_last_byte_is_taken(node: NodeProcess) -> None:
    body = {"model": "tts-1", "input": "hello " * 2000, "response_format": "wav", "stream": True}
    with node.client() as client, client.stream("POST", "/v1/audio/speech", json=body) as answer:
        next(answer.iter_raw(64))
        assert node.status()["open"]["answers"] == 1
    node.wait_until(lambda: node.status()["open"]["answers"] == 0)


def test_an_upload_counts_before_there_is_a_job(node: NodeProcess) -> None:
    sending, sent = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        sending.set()
        sent.wait(20)
        yield b"0" * 1024 + b"\r\n--x--\r\n"

    def upload() -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        with node.client() as client:
            client.post("/gradio_api/upload", content=slowly(), headers=kind)

    thread = threading.Thread(target=upload)
    thread.start()
    sending.wait(20)
    try:
        node.wait_until(lambda: node.status()["open"]["answers"] == 1)
    finally:
        sent.set()
        thread.join()
    node.wait_until(lambda: node.status()["open"]["answers"] == 0)


def test_a_page_left_open_is_no_answer_that_somebody_waits_for(node: NodeProcess) -> None:
    with node.client() as client, client.stream("GET", "/gradio_api/heartbeat/abc") as answer:
        assert answer.status_code == 200
        node.wait_until(lambda: node.status()["open"] == {"answers": 0, "pages": 1})
    node.wait_until(lambda: node.status()["open"]["pages"] == 0)
