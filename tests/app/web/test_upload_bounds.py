"""Uploads are bounded for each request, each client and all together, and leave nothing behind."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.errors import StorageError
from app.outputs.limits import Retention
from app.outputs.retention import clean
from app.outputs.shared import SharedFolder
from app.outputs.upload_space import UploadSpace
from app.outputs.uploads import Uploads
from tests.app.files_below import files_below
from tests.app.node_process import NodeProcess, running

MIB = 1 << 20
KIND = {"Content-Type": "multipart/form-data; boundary=x"}
HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%d.wav"\r\n\r\n'


def body(sizes: list[int], ending: bytes = b"\r\n--x--\r\n") -> Iterator[bytes]:
    """Files of so many bytes, piece by piece: a length is not told."""
    for number, size in enumerate(sizes):
        yield (b"\r\n" if number else b"") + HEAD % number
        for begin in range(0, size, MIB):
            yield bytes([number]) * min(MIB, size - begin)
    yield ending


def send(node: NodeProcess, sizes: list[int], *, told: bool = False) -> httpx.Response:
    content = b"".join(body(sizes)) if told else body(sizes)
    with node.client() as client:
        headers = KIND | {"Host": "tts.example:7860", "Origin": "http://tts.example:7860"}
        return client.post("/gradio_api/upload", content=content, headers=headers)


def unfinished(node: NodeProcess) -> list[Path]:
    """Files in the node's own folder for uploads that are on their way."""
    return files_below(node.outputs.parent / "tmp")


def kept(node: NodeProcess) -> list[Path]:
    return files_below(node.outputs / ".gradio")


@contextlib.contextmanager
def started(folder: Path, *arguments: str) -> Iterator[NodeProcess]:
    (folder / "tmp").mkdir()
    with running(folder, *arguments, TMPDIR=str(folder / "tmp")) as node:
        node.wait_ready()
        yield node


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status, and what the page shows: a line in each language."""
    zh, en = answer.text.split("\n")
    assert answer.headers["content-type"].startswith("text/plain")
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)
    return answer.status_code, en


def test_a_request_is_bounded_however_it_is_sent(tmp_path: Path) -> None:
    with started(tmp_path) as node:
        assert send(node, [MIB] * 10).status_code == 200
        assert len(kept(node)) == 10
        too_much = (413, "an upload has at most 64 MiB")
        assert told(send(node, [16 * MIB] * 5)) == too_much
        assert told(send(node, [16 * MIB] * 5, told=True)) == too_much
        assert told(send(node, [1] * 11)) == (413, "an upload has at most 10 files")
        assert send(node, [33 * MIB]).status_code == 413
        assert len(kept(node)) == 10
        assert unfinished(node) == []
        assert not any("Traceback" in line for line in node.raw), "".join(node.raw)


def test_a_client_is_bounded_in_time(tmp_path: Path) -> None:
    with started(tmp_path, "--upload-rate", "8") as node:
        assert send(node, [5 * MIB]).status_code == 200
        for known in (False, True):
            refused = send(node, [4 * MIB], told=known)
            status, en = told(refused)
            assert status == 429
            assert en.startswith("this client may upload 8 MiB in 10 minutes; try again in ")
            assert 1 <= int(refused.headers["retry-after"]) <= 600
        assert unfinished(node) == []
        assert len(kept(node)) == 1


def test_all_together_are_bounded(tmp_path: Path) -> None:
    with started(tmp_path, "--upload-space", str(4 / 1024)) as node:
        assert send(node, [2 * MIB]).status_code == 200
        for known in (False, True):
            assert told(send(node, [MIB, 2 * MIB], told=known))[0] == 507
        assert len(kept(node)) <= 2
        assert sum(path.stat().st_size for path in kept(node)) <= 4 * MIB
        assert unfinished(node) == []


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as node:

        def broken() -> Iterator[bytes]:
            yield from body([3 * MIB], ending=b"")
            node.wait_until(lambda: unfinished(node))
            raise InterruptedError

        with node.client() as client, pytest.raises(InterruptedError):
            client.post("/gradio_api/upload", content=broken(), headers=KIND)
        node.wait_until(lambda: unfinished(node) == [])
        assert kept(node) == []
        assert send(node, [1]).status_code == 200
        assert not any("Traceback" in line for line in node.raw), "".join(node.raw)


def test_the_pass_over_the_folder_tells_every_node_what_is_there(tmp_path: Path) -> None:
    uploads = tmp_path / ".gradio"
    (uploads / "a").mkdir(parents=True)
    (uploads / "a" / "b.wav").write_bytes(bytes(1000))
    first, second = UploadSpace(1500), UploadSpace(1500)
    first.add(700)
    for space in (first, second):
        space.check(800)
        # The second does not pass itself: that was a moment ago. For ever is no reason not to look.
        clean(SharedFolder(tmp_path), Retention(uploads=Uploads(uploads, 0, space)))
        space.check(500)
        with pytest.raises(StorageError):
            space.check(501)


def test_what_was_added_after_the_folder_was_measured_counts_as_well() -> None:
    space = UploadSpace(1500)
    space.add(400)
    space.measured(1000, age=60)
    space.check(100)
    with pytest.raises(StorageError) as full:
        space.check(101)
    assert full.value.status == 507
    space.measured(1000)
    space.check(500)
    UploadSpace(0).check(1 << 60)
