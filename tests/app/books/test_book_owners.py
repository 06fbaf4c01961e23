"""A book is of whoever asked for it, and so is the voice that reads it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.access.test_keys import ALICE, BOB, keys_file
from tests.app.audio.sounds import speech_like, write
from tests.app.node_process import NodeProcess, running
from tests.app.owned import put_voice

_ADMIN = "admin-0123456789abcdef"
_BOOKS = "/v1/audio/books"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node with three keys, of which one is an administrator's."""
    folder = tmp_path_factory.mktemp("keyed")
    keys = keys_file(folder, f"alice:{ALICE}\nbob:{BOB}\nroot:{_ADMIN}\n")
    arguments = ("--engine", "mimic", "--api-keys-file", str(keys), "--admin-keys", "root")
    with running(folder, *arguments) as started:
        started.wait_ready()
        yield started


def _with(node: NodeProcess, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=node.url, headers=headers, timeout=60, trust_env=False)


def _ids(client: httpx.Client) -> list[str]:
    return [book["id"] for book in client.get(_BOOKS).json()["data"]]


def test_nobody_else_sees_hears_or_deletes_a_book(keyed: NodeProcess, tmp_path: Path) -> None:
    sound = write(tmp_path / "voice.wav", speech_like(3.0)).read_bytes()
    voice = put_voice(keyed, sound, "key alice")
    body = {"input": "第一章\n\n山中有树。\n", "voice": voice, "response_format": "wav"}
    with _with(keyed, ALICE) as alice, _with(keyed, BOB) as bob, _with(keyed, _ADMIN) as admin:
        refused = bob.post(_BOOKS, json=body)
        assert refused.status_code == 400, "the voice is hers"
        made = alice.post(_BOOKS, json=body)
        assert made.status_code == 202, made.text
        where = made.headers["location"]
        keyed.wait_until(lambda: alice.get(where).json()["state"] in ("done", "failed"))
        found = alice.get(where).json()
        assert found["state"] == "done", found["error"]
        assert "owner" not in found
        (file,) = found["files"]
        assert alice.get(file["url"]).headers["cache-control"] == "private"

        nowhere = bob.get(f"{_BOOKS}/book_0000000000000000")
        for answer in (bob.get(where), bob.get(file["url"]), bob.delete(where)):
            assert (answer.status_code, answer.json()) == (404, nowhere.json())
        assert (_ids(bob), _ids(alice), _ids(admin)) == ([], [found["id"]], [found["id"]])
        assert admin.delete(where).status_code == 200
        assert alice.get(where).status_code == 404
