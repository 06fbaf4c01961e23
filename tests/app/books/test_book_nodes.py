"""Real nodes make books: over a cluster of which one dies, behind everybody else's jobs."""

import io
import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from app.books.binding import _AFTER_CHAPTER, _AFTER_HEADING, _PAUSE
from app.books.manuscripts.files import read
from app.books.manuscripts.manuscript import Bounds
from app.engines.espeak import plugin
from app.engines.interface import SynthesisRequest
from app.sound.pcm import pcm16
from tests.app.books.epubs import epub, page
from tests.app.held import Held
from tests.app.lending.cluster import Cluster, cluster
from tests.app.node_process import NodeProcess, running

BOOKS = "/v1/audio/books"
NAMES = ("rs1", "rs2", "rs3")
PATIENCE = ("--book-patience", "2")


def novel(characters: int, chapters: int = 4) -> str:
    """A text in which no two sentences are the same."""
    numbers = itertools.count()
    text = ""
    for chapter in range(1, chapters + 1):
        text += f"Chapter {chapter}\n\n"
        while len(text) < characters * chapter / chapters:
            text += f"Sentence {next(numbers)} of the book was told by an old man. "
        text += "\n\n"
    return text


def ask(node: NodeProcess, content: str | bytes, name: str = "book.txt", **fields: str) -> Any:
    sent = content.encode() if isinstance(content, str) else content
    with node.client() as client:
        answer = client.post(BOOKS, files={"file": (name, sent)}, data=fields)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{BOOKS}/{answer.json()['id']}"
    return answer.json()


def state(node: NodeProcess, book: Any) -> Any:
    return node.get(f"{BOOKS}/{book['id']}").raise_for_status().json()


def finished(node: NodeProcess, book: Any, seconds: float = 120) -> Any:
    node.wait_until(lambda: state(node, book)["state"] in ("done", "failed"), seconds)
    return state(node, book)


def fetched(node: NodeProcess, file: Any) -> bytes:
    answer = node.get(file["url"])
    assert answer.status_code == 200 and len(answer.content) == file["bytes"]
    return answer.content


def samples(content: bytes) -> Any:
    with av.open(io.BytesIO(content), "r") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(frames)


def spoken(text: str, voice: str, seed: int) -> Any:
    """The samples of a book, made here and in one go."""
    engine, rate = plugin.load(), plugin.describe().sample_rate
    made = b""
    for part in read("book.txt", text.encode(), Bounds(1 << 24, 1 << 24)).parts:
        for number, piece in enumerate(part.pieces):
            request = SynthesisRequest(piece, voice, 1.0, seed)
            made += pcm16(np.concatenate([*engine.synthesize(request)]))
            pause = _AFTER_HEADING if number == 0 else _PAUSE
            pause = _AFTER_CHAPTER if number == len(part.pieces) - 1 else pause
            made += bytes(2 * int(pause * rate))
    return np.frombuffer(made, "<i2")


@pytest.mark.long
@pytest.mark.parametrize(
    "characters",
    [4_000, pytest.param(100_000, marks=pytest.mark.timeout(1800))],
    ids=["short", "long"],
)
def test_a_book_whose_node_dies_comes_out_whole(tmp_path: Path, characters: int) -> None:
    text = novel(characters)
    with cluster(tmp_path, NAMES, "espeak", *PATIENCE) as nodes:
        book = ask(nodes.nodes["rs1"], text, response_format="flac")
        folder = nodes.nodes["rs1"].outputs / "books" / book["id"]
        made = folder / "pieces"
        nodes.nodes["rs1"].wait_until(lambda: len([*made.glob("*.flac")]) >= 4)
        (lease,) = folder.glob("lease-*")
        maker = lease.read_text().split()[0]
        os.killpg(nodes.nodes[maker].process.pid, signal.SIGKILL)
        done = len([*made.glob("*.flac")])
        assert done < characters / 200, "it died too late to prove anything"
        other = nodes.nodes[next(name for name in NAMES if name != maker)]
        assert state(other, book)["state"] != "binding"
        found = finished(other, book, 900)
        assert found["state"] == "done" and found["node"] != maker
        assert found["characters_done"] == found["characters"] > 0
        assert (found["characters_failed"], found["error"]) == (0, None)
        helped = [
            node.status()["lending"]["borrowed"]["done"]
            for name, node in nodes.nodes.items()
            if name != maker
        ]
        assert any(helped), "pieces were not spread"
        (file,) = found["files"]
        sound = samples(fetched(other, file))
        assert np.array_equal(sound, spoken(text, book["voice"], book["seed"]))
        assert sorted(path.name for path in folder.iterdir() if "lease" not in path.name) == [
            "book.json",
            "files",
            "finished.json",
        ]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node without a queue, whose only worker does as it is told."""
    folder = tmp_path_factory.mktemp("books")
    limits = ("--books", "2", "--book-characters", "2000", "--book-size", "1")
    with running(folder, "--engine", "faulty", "--node-name", "rs1", *PATIENCE, *limits) as found:
        found.wait_ready()
        yield found


def test_a_job_waits_for_the_piece_that_runs_and_for_no_other(
    node: NodeProcess, tmp_path: Path
) -> None:
    cluster = Cluster({"rs1": node}, tmp_path)
    with Held(tmp_path, "one") as first, Held(tmp_path, "two") as second:
        book = ask(node, f"Chapter 1\n\n{first.text}\n\nChapter 2\n\n{second.text}\n")
        pieces = node.outputs / "books" / book["id"] / "pieces"
        node.wait_until(lambda: len([*pieces.glob("00000-000000-*")]) == 1)
        node.wait_until(lambda: cluster.running("rs1") == 1)
        job = cluster.say("rs1", "a tone")
        cluster.wait_waiting(1, "rs1")
        first.let_go()
        # The next piece would hold it for ever.
        assert job.result(60).status_code == 200
        assert state(node, book)["state"] == "speaking"
        second.let_go()
        assert finished(node, book)["state"] == "done"
    cluster.clients.shutdown()
    with node.client() as client:
        client.delete(f"{BOOKS}/{book['id']}")


@pytest.mark.parametrize("made", ["mp3", "m4b", "opus", "wav"])
def test_files_have_chapters_titles_and_the_whole_sound(node: NodeProcess, made: str) -> None:
    one, two = page("<h1>一</h1><p>tone.</p>"), page("<h1>二</h1><p>tone.</p>")
    content = epub({"1.xhtml": one, "2.xhtml": two}, {"1.xhtml": "一", "2.xhtml": "二"})
    together = ask(node, content, "x.epub", response_format=made)
    apart = ask(node, content, "x.epub", response_format=made, per_chapter="true")
    (whole,) = finished(node, together)["files"]
    parts = finished(node, apart)["files"]
    assert [file["name"] for file in parts] == [f"001 一.{made}", f"002 二.{made}"]
    assert whole["name"] == f"山中记.{made}"
    assert sum(file["seconds"] for file in parts) == pytest.approx(whole["seconds"], abs=0.01)
    with av.open(io.BytesIO(fetched(node, whole)), "r") as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(whole["seconds"], abs=0.15)
        if made in ("mp3", "m4b"):
            assert container.metadata["title"] == "山中记"
        marks = [mark["metadata"]["title"] for mark in container.chapters()]
        assert marks == ([] if made == "wav" else ["一", "二"])
    for file, title in zip(parts, ("一", "二"), strict=True):
        with av.open(io.BytesIO(fetched(node, file)), "r") as container:
            if made in ("mp3", "m4b"):
                assert container.metadata["title"] == title
    for book in (together, apart):
        with node.client() as client:
            assert client.delete(f"{BOOKS}/{book['id']}").json()["deleted"]
        assert node.get(f"{BOOKS}/{book['id']}").status_code == 404
        assert node.get(whole["url"]).status_code == 404


def test_a_piece_that_cannot_be_spoken_is_told_of(node: NodeProcess) -> None:
    book = ask(node, "Chapter 1\n\ntone [laughs] <b>\n\nChapter 2\n\nraise\n")
    found = finished(node, book)
    assert (found["state"], found["characters_failed"]) == ("done", len("raise"))
    (failure,) = found["failures"]
    assert (failure["chapter"], failure["piece"]) == (2, 2)
    nothing = finished(node, ask(node, "raise"))
    assert nothing["state"] == "failed" and "could be spoken" in nothing["error"]["message"]
    assert nothing["files"] == []

    def counted() -> bool:
        told = node.get("/metrics").text
        ends = [f'cosyvoice_books_total{{outcome="{end}"}} ' for end in ("done", "failed")]
        return all(end in told and f"{end}0.0" not in told for end in ends)

    # The node that made them, and this is the only one, a moment after they are whole.
    node.wait_until(counted, 60)


def test_a_book_that_is_deleted_is_made_no_more(node: NodeProcess, tmp_path: Path) -> None:
    with Held(tmp_path) as held:
        book = ask(node, held.text)
        node.wait_until(lambda: node.status()["jobs"]["running"] == 1)
        waiting = ask(node, "tone")
        with node.client() as client:
            listed = client.get(BOOKS).json()["data"]
            assert [one["id"] for one in listed[:2]] == [waiting["id"], book["id"]]
            full = client.post(BOOKS, json={"input": "tone"})
            assert (full.status_code, full.json()["error"]["code"]) == (429, "books_full")
            client.delete(f"{BOOKS}/{book['id']}").raise_for_status()
            # Its worker is free again though the gate is shut.
        assert finished(node, waiting)["state"] == "done"
        assert not [*(node.outputs / "books").glob(f"*{book['id']}*")]


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "no file": ({"data": {"voice": "tone"}, "files": {"other": b""}}, 400, "400"),
    "a format": ({"json": {"input": "a", "response_format": "pcm"}}, 400, "invalid_request"),
    "no text": ({"json": {}}, 400, "invalid_request"),
    "a number": ({"json": {"input": "a", "speed": "fast"}}, 400, "invalid_request"),
    "not a number": ({"json": {"input": "a", "speed": float("inf")}}, 400, "invalid_request"),
    "a voice": ({"json": {"input": "a", "voice": "nobody"}}, 400, "voice_unknown"),
    "a model": ({"json": {"input": "a", "model": "gpt-9"}}, 400, "model_not_found"),
    "too long": ({"json": {"input": "a b " * 600}}, 400, "book_too_long"),
    "too large": ({"files": {"file": ("a.txt", b"a" * ((1 << 20) + 1))}}, 400, "book_too_large"),
    "far too large": ({"files": {"file": ("a.txt", b"a" * (5 << 20))}}, 413, "body_too_long"),
    "a kind": ({"files": {"file": ("a.docx", b"a")}}, 400, "book_kind"),
    "another body": ({"content": b"a"}, 415, "415"),
}


@pytest.mark.parametrize(("sent", "status", "code"), WRONG.values(), ids=WRONG)
def test_wrong_requests_are_told_what_is_wrong(
    node: NodeProcess, sent: dict[str, Any], status: int, code: str
) -> None:
    if "json" in sent:
        # As Python writes it: an infinite number too.
        sent = {
            "content": json.dumps(sent["json"]),
            "headers": {"content-type": "application/json"},
        }
    with node.client() as client:
        answer: httpx.Response = client.post(BOOKS, **sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


def test_ids_and_names_lead_nowhere_else(node: NodeProcess) -> None:
    for path in ("..%2fvoices", "book_0", "book_0123456789abcdef", "%2e%2e", ".clock"):
        assert node.get(f"{BOOKS}/{path}").status_code == 404
        assert node.get(f"{BOOKS}/{path}/files/book.json").status_code == 404
    book = ask(node, "tone")
    finished(node, book)
    for name in ("book.json", "..%2fbook.json", "finished.json"):
        assert node.get(f"{BOOKS}/{book['id']}/files/{name}").status_code == 404
    own = node.outputs / "books" / book["id"] / "book.json"
    assert own.exists() and node.get(f"/gradio_api/file={own}").status_code == 403
