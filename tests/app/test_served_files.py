"""Gradio's way to files gives outputs and uploads, no script among them, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.audio.sounds import speech_like, write
from tests.app.node_process import NodeProcess
from tests.app.owned import put_output

HOST = {"Host": "tts.example:7860"}
SCRIPT = b"<script>document.title = 'stolen'</script>"
SCRIPTS = {
    "a.html": SCRIPT,
    "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
    "a.xml": b"<x xmlns='http://www.w3.org/1999/xhtml'>" + SCRIPT + b"</x>",
    "a.xhtml": SCRIPT,
    "a.htm": SCRIPT,
    "a.js": b"document.title = 'stolen'",
    "a.pdf": b"%PDF-1.7",
    "a.mhtml": SCRIPT,
    "a": SCRIPT,
}


@pytest.fixture
def client(mimic_node: NodeProcess) -> Iterator[httpx.Client]:
    with mimic_node.client() as client:
        client.headers.update(HOST)
        yield client


def uploaded(client: httpx.Client, name: str, content: bytes) -> str:
    answer = client.post("/gradio_api/upload", files={"files": (name, content)})
    path: str = answer.raise_for_status().json()[0]
    return path


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_upload_is_no_page_of_this_site(client: httpx.Client, name: str) -> None:
    path = uploaded(client, name, SCRIPTS[name])
    for route in ("file=", "file/"):
        answer = client.get(f"/gradio_api/{route}{path}")
        assert (answer.status_code, answer.content) == (200, SCRIPTS[name])
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_script_by_the_name_of_a_sound_is_taken_for_a_sound(client: httpx.Client) -> None:
    answer = client.get(f"/gradio_api/file={uploaded(client, 'a.wav', SCRIPT)}")
    assert answer.headers["content-type"].startswith("audio/")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_outputs_alone_are_served_of_their_folder(
    client: httpx.Client, mimic_node: NodeProcess, tmp_path: Path
) -> None:
    outputs = mimic_node.outputs
    stem = put_output(mimic_node, "nobody's")
    (outputs / f"{stem}.wav").write_bytes(b"RIFF1234")
    sound = write(tmp_path / "voice.wav", speech_like(4)).read_bytes()
    fields = {"name": "somebody", "consent": "yes", "transcript": "hello"}
    files = {"audio_sample": ("a.wav", sound)}
    voice = client.post("/v1/audio/voices", data=fields, files=files).raise_for_status().json()
    kept = outputs / "voices" / f"{voice['id']}.wav"
    assert kept.exists()
    assert client.get(f"/gradio_api/file={outputs}/{stem}.wav").content == b"RIFF1234"
    for path in (
        kept,
        kept.with_suffix(".json"),
        outputs / f"{stem}.json",
        outputs / ".retention",
        outputs,
        outputs / ".gradio" / ".." / "voices" / kept.name,
        Path("/etc/passwd"),
    ):
        for route in ("file=", "file/"):
            assert client.get(f"/gradio_api/{route}{path}").status_code in (403, 404), path
    assert client.delete(f"/v1/audio/voices/{voice['id']}").status_code == 200


@pytest.mark.parametrize(
    "address", ["https://example.org/a.png", "http://127.0.0.1:1/a.wav", "//example.org/a.png"]
)
def test_nothing_is_fetched_from_elsewhere(client: httpx.Client, address: str) -> None:
    for route in ("file=", "file/"):
        answer = client.get(f"/gradio_api/{route}{address}")
        assert (answer.status_code, answer.headers.get("location")) == (403, None)


def test_a_part_of_a_file_says_nothing_of_who_asked(client: httpx.Client) -> None:
    path = uploaded(client, "a.wav", b"RIFF1234")
    sent = {"Range": "bytes=0-3", "Cookie": "a=secret", "Authorization": "Basic c2VjcmV0"}
    answer = client.get(f"/gradio_api/file={path}", headers=sent | {"X-Secret": "secret"})
    assert (answer.status_code, answer.content) == (206, b"RIFF")
    told = {name.lower() for name in answer.headers}
    assert not told & {"range", "cookie", "set-cookie", "authorization", "x-secret", "host"}
