"""What is under way at a node is counted, and what only looks at it is not."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.app.held import Held
from tests.app.node_process import NodeProcess

_HEARTBEAT = "/gradio_api/heartbeat/abc"


def test_nothing_is_open_on_an_idle_node(faulty_node: NodeProcess) -> None:
    # A client that has gone is noticed a moment later.
    faulty_node.wait_until(lambda: faulty_node.status()["open"] == {"answers": 0, "pages": 0})


def test_an_answer_counts_until_its_end(faulty_node: NodeProcess, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads, Held(tmp_path) as held:
        speaking = threads.submit(faulty_node.speak, input=held.text, timeout=60)
        faulty_node.wait_until(lambda: faulty_node.status()["open"]["answers"] == 1)
        held.let_go()
        assert speaking.result().status_code == 200
    faulty_node.wait_until(lambda: faulty_node.status()["open"]["answers"] == 0)


def test_an_upload_counts_before_there_is_a_job(faulty_node: NodeProcess) -> None:
    sending, sent = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\n'
        sending.set()
        sent.wait(120)
        yield b"0" * 1024 + b"\r\n--x--\r\n"

    def upload() -> None:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        with faulty_node.client() as client:
            client.post("/gradio_api/upload", content=slowly(), headers=kind)

    thread = threading.Thread(target=upload)
    thread.start()
    sending.wait(30)
    try:
        faulty_node.wait_until(lambda: faulty_node.status()["open"]["answers"] == 1)
    finally:
        sent.set()
        thread.join()
    faulty_node.wait_until(lambda: faulty_node.status()["open"]["answers"] == 0)


def test_a_page_left_open_is_no_answer_that_somebody_waits_for(faulty_node: NodeProcess) -> None:
    with (
        faulty_node.client() as client,
        client.stream("GET", _HEARTBEAT) as answer,
    ):
        assert answer.status_code == 200
        faulty_node.wait_until(lambda: faulty_node.status()["open"] == {"answers": 0, "pages": 1})
    faulty_node.wait_until(lambda: faulty_node.status()["open"]["pages"] == 0)
