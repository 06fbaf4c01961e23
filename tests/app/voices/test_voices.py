"""Recordings in requests and registered voices, on a real node."""

import base64
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.app.audio.sounds import silence, speech_like, write
from tests.app.files_below import files_below
from tests.app.node_process import NodeProcess


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("clip") / "voice.wav", speech_like(3.0))


@pytest.fixture
def empty_shelf(mimic_node: NodeProcess) -> Iterator[NodeProcess]:
    yield mimic_node
    with mimic_node.client() as client:
        for voice in client.get("/v1/audio/voices").json()["voices"]:
            if voice["registered"]:
                client.delete(f"/v1/audio/voices/{voice['id']}")


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def seconds(answer: httpx.Response) -> float:
    assert answer.status_code == 200, answer.text
    with wave.open(io.BytesIO(answer.content)) as file:
        return float(file.getnframes() / file.getframerate())


def register(node: NodeProcess, path: Path, **form: str) -> httpx.Response:
    with node.client() as client, path.open("rb") as file:
        return client.post(
            "/v1/audio/voices",
            data={"name": "小红", **form},
            files={"audio_sample": (path.name, file)},
        )


def left_over(node: NodeProcess) -> list[str]:
    """Files that a request left behind, on the node's disk or the shared one."""
    return [
        str(path)
        for path in files_below(node.outputs.parent / "tmp", node.outputs)
        # The node's own, from a minute after its start: uploads, and the times of its passes.
        if not {".gradio", ".retention"} & set(path.parts)
    ]


def wait_clean(node: NodeProcess) -> None:
    node.wait_until(lambda: not left_over(node), 30)


@pytest.mark.parametrize("form", ["bare", "data:audio/wav;base64,"])
def test_a_recording_in_the_request_is_what_the_engine_gets(
    mimic_node: NodeProcess, recording: Path, form: str
) -> None:
    reference = encoded(recording) if form == "bare" else form + encoded(recording)
    answer = mimic_node.speak(input="你好", reference=reference, reference_text="嗡嗡")
    assert seconds(answer) == pytest.approx(3, abs=0.2)
    wait_clean(mimic_node)


def test_conversion_gets_both_recordings(
    mimic_node: NodeProcess, recording: Path, tmp_path: Path
) -> None:
    source = write(tmp_path / "source.wav", speech_like(2.0))
    answer = mimic_node.speak(
        input="", mode="convert", source=encoded(source), reference=encoded(recording)
    )
    assert seconds(answer) == pytest.approx(5, abs=0.3)
    wait_clean(mimic_node)


def test_a_recording_wins_over_a_name_that_a_client_has_to_send(
    mimic_node: NodeProcess, recording: Path
) -> None:
    answer = mimic_node.speak(
        input="你好", voice="alloy", reference=encoded(recording), reference_text="嗡嗡"
    )
    assert seconds(answer) == pytest.approx(3, abs=0.2)
    assert answer.headers["x-voice"] == ""
    wait_clean(mimic_node)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"mode": "clone"}, "reference_text", "needs transcript"),
        ({"mode": "instruct"}, "instructions", "needs instruction"),
        ({"mode": "convert"}, "source", "needs source recording"),
        ({"mode": "preset"}, "reference", "takes no reference recording"),
        ({"mode": "cross_lingual", "instructions": "开心"}, "instructions", "takes no instruction"),
        ({"instructions": "x" * 501}, "instructions", "at most 500"),
        ({"reference_text": "x" * 1001}, "reference_text", "at most 1000"),
        ({"voice": "tone"}, "voice", "not both"),
        ({"speed": 1.5, "stream": True}, "speed", "only without streaming"),
        ({"input": "[h][ao9]"}, "input", "character 1: [h]"),
        ({"input": "[M][AY0]"}, "input", "reads no phoneme annotations"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    mimic_node: NodeProcess, recording: Path, body: dict[str, Any], field: str, said: str
) -> None:
    answer = mimic_node.speak(**{"input": "你好", "reference": encoded(recording), **body})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], said in error["message"]) == (field, True), error
    assert error["message_zh"]
    wait_clean(mimic_node)


def test_speed_without_streaming_is_taken(mimic_node: NodeProcess) -> None:
    assert mimic_node.speak(input="你好", speed=1.5, stream=None).status_code == 200


def sounds(folder: Path) -> dict[str, Path]:
    """Recordings nobody can use."""
    (folder / "text.wav").write_text("no sound at all", "utf-8")
    (folder / "cut.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt ")
    (folder / "zeros.mp3").write_bytes(bytes(100_000))
    (folder / "playlist.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n", "utf-8")
    return {
        "text": folder / "text.wav",
        "cut": folder / "cut.wav",
        "zeros": folder / "zeros.mp3",
        "playlist": folder / "playlist.m3u8",
        "one sample": write(folder / "one.wav", np.full(1, 0.5, np.float32)),
        "too short": write(folder / "short.wav", speech_like(0.2)),
        "silent": write(folder / "silent.wav", silence(3)),
        "telephone": write(folder / "phone.wav", speech_like(3, 8000), 8000),
        # A quarter of an hour of nothing in a few kilobytes.
        "bomb": write(folder / "bomb.flac", silence(900, 16000), 16000, "flac"),
    }


def test_broken_recordings_are_refused_and_leave_nothing(
    empty_shelf: NodeProcess, tmp_path: Path
) -> None:
    for what, path in sounds(tmp_path).items():
        spoken = empty_shelf.speak(input="你好", reference=encoded(path))
        kept = register(empty_shelf, path)
        for answer, field in ((spoken, "reference"), (kept, "audio_sample")):
            assert answer.status_code == 400, (what, answer.text)
            assert answer.json()["error"]["param"] == field, what
            assert answer.json()["error"]["message_zh"], what
    wait_clean(empty_shelf)
    assert empty_shelf.get("/readyz").status_code == 200


def test_a_registered_voice_is_listed_spoken_with_and_deleted(
    empty_shelf: NodeProcess, recording: Path
) -> None:
    answer = register(empty_shelf, recording, transcript="嗡嗡", language="zh-CN")
    assert answer.status_code == 201, answer.text
    voice = answer.json()
    assert (voice["name"], voice["language"], voice["transcript"]) == ("小红", "zh-CN", "嗡嗡")
    listed = empty_shelf.get("/v1/audio/voices").json()
    assert [known["id"] for known in listed["voices"]] == ["tone", voice["id"]]
    for said in (voice["id"], {"id": voice["id"]}):
        spoken = empty_shelf.speak(input="你好", voice=said)
        assert seconds(spoken) == pytest.approx(3, abs=0.2)
        assert spoken.headers["x-voice"] == voice["id"]
    with empty_shelf.client() as client:
        deleted = client.delete(f"/v1/audio/voices/{voice['id']}")
        again = client.delete(f"/v1/audio/voices/{voice['id']}")
    assert (deleted.json()["deleted"], again.status_code) == (True, 404)
    assert empty_shelf.speak(input="你好", voice=voice["id"]).status_code == 400
    wait_clean(empty_shelf)


def test_a_registered_voice_is_renamed(empty_shelf: NodeProcess, recording: Path) -> None:
    voice = register(empty_shelf, recording, transcript="嗡嗡", language="zh-CN").json()
    del voice["warnings"]
    sidecar = empty_shelf.outputs / "voices" / f"{voice['id']}.json"
    # As a newer release might write it.
    sidecar.write_text(sidecar.read_text().replace("{", '{"colour": "warm",', 1))
    path = f"/v1/audio/voices/{voice['id']}"
    with empty_shelf.client() as client:
        renamed = client.patch(path, json={"name": " 小红\n(新) "})
        assert renamed.json() == voice | {"name": "小红 (新)", "name_zh": "小红 (新)"}
        listed = client.get("/v1/audio/voices").json()["voices"][1]
        assert listed == {key: value for key, value in renamed.json().items() if key != "object"}
        assert json.loads(sidecar.read_text())["colour"] == "warm"
        for wrong in ({"name": ""}, {"name": "x" * 65}, {}, {"name": "a", "id": "b"}):
            assert client.patch(path, json=wrong).status_code == 400
        assert client.patch("/v1/audio/voices/tone", json={"name": "a"}).status_code == 400
        # A deletion that comes in between is not undone.
        sidecar.with_suffix(".wav").unlink()
        assert client.patch(path, json={"name": "a"}).status_code == 404
        assert not sidecar.exists()
        assert client.patch(path, json={"name": "a"}).status_code == 404


def test_the_shelf_has_an_end(empty_shelf: NodeProcess, recording: Path) -> None:
    answers = [register(empty_shelf, recording) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 400]
    assert answers[3].json()["error"]["code"] == "voices_full"


@pytest.mark.parametrize(
    "form", [{"name": ""}, {"name": "x" * 65}, {"name": "a\x00b"}, {"language": "../.."}]
)
def test_wrong_fields_of_a_registration(
    empty_shelf: NodeProcess, recording: Path, form: dict[str, str]
) -> None:
    answer = register(empty_shelf, recording, **form)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == next(iter(form))
    wait_clean(empty_shelf)


def test_a_name_is_never_a_path(empty_shelf: NodeProcess, recording: Path) -> None:
    voice = register(empty_shelf, recording, name="../../etc/passwd").json()
    kept = {path.name for path in (empty_shelf.outputs / "voices").iterdir()}
    assert kept == {f"{voice['id']}.wav", f"{voice['id']}.json"}


@pytest.mark.parametrize(
    "voice_id", ["..%2f..%2fetc%2fpasswd", "voice_", "voice_0123456789abcdef%00", "%2e%2e", "没有"]
)
def test_path_tricks_delete_nothing(mimic_node: NodeProcess, voice_id: str) -> None:
    with mimic_node.client() as client:
        assert client.delete(f"/v1/audio/voices/{voice_id}").status_code in (404, 405)


def test_an_engine_without_cloning_says_so(node: NodeProcess, recording: Path) -> None:
    answer = register(node, recording)
    assert answer.status_code == 400
    assert "cannot learn one" in answer.json()["error"]["message"]


def test_too_large_a_recording(mimic_node: NodeProcess, tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    path.write_bytes(bytes((16 << 20) + 1))
    for answer in (
        mimic_node.speak(input="你好", reference=encoded(path)),
        register(mimic_node, path),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "recording_too_large")
    path.write_bytes(bytes(18 << 20))
    assert register(mimic_node, path).status_code == 413
    wait_clean(mimic_node)
