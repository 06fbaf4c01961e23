"""The HTTP API on a real node."""

import concurrent.futures
import http.client
import io
import json
import wave
from pathlib import Path
from urllib.parse import unquote

import httpx
import numpy as np
import pytest

from app.outputs.record import OutputRecord
from tests.app.held import Held
from tests.app.node_process import RELEASE, NodeProcess

ENDLESS = {"model": "tts-1", "input": "slow 120", "timeout": 120}
"""Two minutes of work: whoever sees its end within one has seen it stopped."""


def sound(answer: httpx.Response) -> np.ndarray:
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22050)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_health_and_status(node: NodeProcess) -> None:
    assert node.get("/healthz").json() == {"status": "alive", "node": "rs1"}
    assert node.get("/readyz").json() == {"ready": True, "reason": "", "node": "rs1"}
    status = node.status()
    assert (status["node"], status["release"], status["capacity"]) == ("rs1", RELEASE, 2)
    assert status["engine"]["name"] == "espeak"
    assert {"running", "waiting", "done"} <= set(status["jobs"])
    assert [worker["state"] for worker in status["workers"]] == ["idle", "idle"]


def test_a_drain_file_takes_the_node_out_and_it_still_works(node: NodeProcess) -> None:
    drain = node.outputs.parent / "drain"
    drain.touch()
    try:
        answer = node.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "draining")
        assert node.status()["draining"] is True
        assert node.get("/healthz").status_code == 200
        assert node.speak(input="你好").status_code == 200
    finally:
        drain.unlink()
    assert node.get("/readyz").status_code == 200


def test_speech_as_wav(node: NodeProcess) -> None:
    answer = node.speak(input="你好，欢迎使用语音合成。", voice="cmn-female", seed=7)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["x-node"] == "rs1"
    assert answer.headers["x-seed"] == "7"
    samples = sound(answer).astype(float)
    assert 1 < len(samples) / 22050 < 6
    assert np.sqrt((samples**2).mean()) > 1000


def test_speech_as_pcm_is_the_same_sound_at_the_rate_that_clients_expect(node: NodeProcess) -> None:
    body = {"input": "Hello.", "voice": {"id": "en-us"}, "seed": 3}
    as_wav, as_pcm = node.speak(**body), node.speak(**body, response_format="pcm")
    assert as_pcm.headers["content-type"] == "audio/pcm"
    assert as_pcm.headers["x-sample-rate"] == "24000"
    made, told = sound(as_wav), np.frombuffer(as_pcm.content, "<i2")
    assert len(told) / 24000 == pytest.approx(len(made) / 22050, abs=0.01)
    assert told.astype(float).std() == pytest.approx(made.astype(float).std(), rel=0.02)
    streamed = node.speak(**body, response_format="pcm", stream=True)
    assert streamed.content == as_pcm.content


@pytest.mark.parametrize(
    ("text", "voices"),
    [
        ("你好，欢迎使用。", {"cmn", "cmn-female"}),
        ("Good morning, how are you today?", {"en-us", "en-us-female"}),
        ("Guten Morgen, wie geht es Ihnen?", {"de"}),
        # No language: the default voice's.
        ("123", {"cmn", "cmn-female"}),
    ],
)
def test_openais_names_are_voices_of_the_texts_language(
    node: NodeProcess, text: str, voices: set[str]
) -> None:
    heard = {name: node.speak(input=text, voice=name, seed=3) for name in ("alloy", "ash")}
    assert {answer.headers["x-voice"] for answer in heard.values()} == voices
    again = node.speak(input=text, voice=heard["ash"].headers["x-voice"], seed=3)
    assert again.content == heard["ash"].content


def test_fields_of_other_servers_are_ignored_and_named(node: NodeProcess) -> None:
    body: dict[str, object] = {
        "backend": "x",
        "lang_code": 5,
        "音量\r\nX-Made-By: me": {"deep": []},
    }
    answer = node.speak(input="你好", **body)
    assert answer.status_code == 200
    told = answer.headers["x-ignored-fields"].split(", ")
    assert [unquote(name) for name in told] == list(body)
    assert "x-made-by" not in answer.headers
    many = node.speak(input="你好", **{f"field_{number}": 1 for number in range(500)})
    assert len(many.headers["x-ignored-fields"]) < 500
    assert "x-ignored-fields" not in node.speak(input="你好").headers


@pytest.mark.parametrize(("asked", "spoken"), [(0.25, "0.5"), (1.25, "1.25"), (4, "2")])
def test_a_speed_that_only_openai_has_is_the_nearest(
    node: NodeProcess, asked: float, spoken: str
) -> None:
    body = {"input": "你好", "seed": 3}
    answer = node.speak(**body, speed=asked)
    assert answer.headers["x-speed"] == spoken
    assert answer.content == node.speak(**body, speed=float(spoken)).content


def test_equal_requests_give_equal_bytes_on_every_worker(node: NodeProcess) -> None:
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: node.speak(input="Same 种子.", seed=9), range(6)))
    assert len({answer.content for answer in answers}) == 1
    assert node.speak(input="Same 种子.", seed=10).content != answers[0].content


def test_without_a_seed_the_one_used_is_told(node: NodeProcess) -> None:
    answer = node.speak(input="你好")
    seed = int(answer.headers["x-seed"])
    assert 1 <= seed <= 100_000_000
    assert node.speak(input="你好", seed=seed).content == answer.content


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"input": ""}, "input", "no text to speak"),
        ({"input": "😀"}, "input", "no letter"),
        ({"input": "a\x07"}, "input", "U+0007"),
        ({"input": "字" * 4097}, "input", "4097 characters; at most 4096"),
        ({"input": "你好", "voice": "nobody"}, "voice", "voices: cmn, "),
        ({"input": "你好", "voice": "en-us"}, "input", "cannot read Chinese"),
        ({"input": "你好", "speed": 4.5}, "speed", "not between 0.5 and 2"),
        ({"input": "你好", "speed": 0.2}, "speed", "not between 0.5 and 2"),
        ({"input": "你好", "speed": "fast"}, "speed", "valid number"),
        ({"input": "你好", "seed": 0}, "seed", "not between 1 and 100000000"),
        ({"input": "你好", "seed": 1.5}, "seed", "valid integer"),
        ({"input": "你好", "model": "gpt-9"}, "model", "no model 'gpt-9'"),
        ({"input": "你好", "response_format": "midi"}, "response_format", "'mp3', 'opus'"),
        ({"input": "你好", "instructions": "开心"}, "instructions", "takes no instructions"),
        ({"input": "你好", "timeout": 601}, "timeout", "not between 1 and 600 seconds"),
        ({"input": "你好", "timeout": "soon"}, "timeout", "valid number"),
        ({"input": "你好", "mode": "sing"}, "mode", "'preset', 'clone'"),
        ({"input": "你好", "mode": "clone"}, "mode", "takes no recordings"),
        ({"input": "你好", "reference": "UklGRg=="}, "reference", "takes no recordings"),
        ({"input": "你好", "reference": "?"}, "reference", "neither base64 nor a URL"),
        ({"input": "你好", "reference": "data:audio/wav,RIFF"}, "reference", "neither base64"),
        ({"input": "你好", "reference_text": "词"}, "reference_text", "there is none"),
        ({"input": "", "mode": "convert"}, "mode", "takes no recordings"),
        ({"input": "你好", "source": "UklGRg=="}, "reference", "takes no recordings"),
        ({"input": "你好", "save": "perhaps"}, "save", "valid boolean"),
        ({"input": "你好", "stream": "perhaps"}, "stream", "valid boolean"),
        ({"input": "你好", "stream_format": "sound"}, "stream_format", "'audio'"),
        ({"input": ["你好"]}, "input", "valid string"),
        ({}, "input", "required"),
    ],
)
def test_a_wrong_request_is_told_which_field(
    node: NodeProcess, body: dict[str, object], field: str, said: str
) -> None:
    answer = node.speak(**body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == field
    assert said in error["message"]
    assert error["code"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"input": "\\ud800", "model": "tts-1"}']
)
def test_what_is_no_json_object_is_told(node: NodeProcess, content: bytes) -> None:
    with node.client() as client:
        headers = {"content-type": "application/json"}
        answer = client.post("/v1/audio/speech", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_huge_body_is_refused_whether_announced_or_not(node: NodeProcess) -> None:
    huge = b'{"input": "' + b"a" * (2 << 20) + b'"}'
    with node.client() as client:
        headers = {"content-type": "application/json"}
        for content in (huge, iter([huge[:1000], huge[1000:]])):
            answer = client.post("/v1/audio/speech", content=content, headers=headers)
            assert answer.status_code == 413
            assert "longer than" in answer.json()["error"]["message"]


def test_unknown_paths(node: NodeProcess) -> None:
    for path in ("/v1/nothing", "/outputs/nothing.wav"):
        answer = node.get(path)
        assert answer.status_code == 404
        assert "there is no" in answer.json()["error"]["message"]


def test_catalogue(node: NodeProcess) -> None:
    assert node.get("/v1/models").json()["data"][0]["id"] == "espeak"
    voices = node.get("/v1/audio/voices").json()
    assert voices["default"] == "cmn"
    assert {"yue", "ja", "en-us"} <= {voice["id"] for voice in voices["voices"]}
    assert all(voice["name"] and voice["name_zh"] for voice in voices["voices"])


def test_the_api_describes_itself(node: NodeProcess) -> None:
    described = node.get("/openapi.json").json()
    assert "/v1/audio/speech" in described["paths"]


def test_a_request_id_goes_in_comes_out_and_reaches_the_log(node: NodeProcess) -> None:
    with node.client() as client:
        given = client.get("/v1/models", headers={"X-Request-ID": "from-a-proxy.1"})
        made = client.get("/v1/models", headers={"X-Request-ID": "nasty\tid"})
    assert given.headers["x-request-id"] == "from-a-proxy.1"
    assert made.headers["x-request-id"] not in ("", "nasty\tid")
    node.wait_until(lambda: "from-a-proxy.1" in {line.get("request_id") for line in node.lines})
    line = next(line for line in node.lines if line.get("request_id") == "from-a-proxy.1")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/models", 200)
    assert line["node"] == "rs1"


def test_every_log_line_is_json(node: NodeProcess) -> None:
    told = list(node.raw)
    assert len(told) > 5
    assert all(isinstance(json.loads(line), dict) for line in told)


def test_outputs_are_served_with_ranges_and_only_outputs(node: NodeProcess) -> None:
    stem = "20200101T000000000Z-rs9-0123abcd"
    record = OutputRecord("id", "rs9", "e", "2020-01-01T00:00:00Z", 1.0, "t", "cmn", 1.0, 1)
    (node.outputs / f"{stem}.json").write_bytes(record.to_json())
    (node.outputs / f"{stem}.wav").write_bytes(b"RIFF1234")
    (node.outputs / "secret.wav").write_bytes(b"secret")
    assert node.get(f"/outputs/{stem}.wav").content == b"RIFF1234"
    with node.client() as client:
        part = client.get(f"/outputs/{stem}.wav", headers={"Range": "bytes=4-5"})
    assert (part.status_code, part.content) == (206, b"12")
    kept = node.get(f"/outputs/{stem}.wav?download=1")
    assert kept.headers["content-disposition"].startswith("attachment")
    for path in ("secret.wav", "..%2fsecret.wav", f"{stem}.json", "%00"):
        assert node.get(f"/outputs/{path}").status_code == 404


def test_one_request_at_a_time_without_the_queue(faulty_node: NodeProcess, tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        with Held(tmp_path) as held:
            slow = threads.submit(faulty_node.speak, input=held.text, timeout=60)
            faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 1)
            refused = faulty_node.speak(input="hello")
            # It was told at once: the other is still speaking.
            assert not slow.done()
        assert slow.result().status_code == 200
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["code"] == "busy"


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("hang", 504, "deadline"),
        ("crash", 500, "worker_died"),
        ("raise", 500, "engine_failed"),
        ("silent", 400, "cannot_speak"),
    ],
)
def test_what_fails_is_told_and_the_node_recovers(
    faulty_node: NodeProcess, text: str, status: int, code: str
) -> None:
    answer = faulty_node.speak(input=text)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    faulty_node.wait_ready()
    assert faulty_node.speak(input="hello").status_code == 200


def test_a_replaced_worker_is_not_ready_until_it_has_spoken(faulty_node: NodeProcess) -> None:
    faulty_node.speak(input="crash")
    answer = faulty_node.get("/readyz")
    if answer.status_code == 503:
        assert "worker 0 is being replaced: killed by SIGSEGV" in answer.json()["reason"]
    faulty_node.wait_ready()
    assert faulty_node.status()["workers"][0]["restarts"] >= 1


def test_a_client_that_hangs_up_stops_the_work(faulty_node: NodeProcess) -> None:
    before = faulty_node.status()["jobs"]["cancelled"]
    connection = http.client.HTTPConnection(faulty_node.url.removeprefix("http://"), timeout=60)
    body, kind = json.dumps(ENDLESS | {"stream": False}), {"Content-Type": "application/json"}
    connection.request("POST", "/v1/audio/speech", body, kind)
    faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 1)
    connection.close()
    faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["cancelled"] == before + 1, 30)
    # The worker may still be on its way to hear of it.
    faulty_node.wait_until(lambda: not faulty_node.status()["jobs"]["running"], 30)
    assert faulty_node.speak(input="hello").status_code == 200


def test_the_log_of_a_failing_engine_carries_the_request_id(faulty_node: NodeProcess) -> None:
    with faulty_node.client() as client:
        client.post(
            "/v1/audio/speech",
            json={"model": "tts-1", "input": "raise"},
            headers={"X-Request-ID": "find-me"},
        )
    faulty_node.wait_until(
        lambda: any(
            line.get("request_id") == "find-me" and "out of tune" in line.get("exception", "")
            for line in faulty_node.lines
        )
    )


def test_nothing_connects_to_anywhere_else(node: NodeProcess) -> None:
    noted = (node.outputs.parent / "connections").read_text().splitlines()
    places = {line.split(" ", 1)[1] for line in noted}
    assert all("127.0.0.1" in place or place in ("'localhost'", "None") for place in places), places


def test_the_api_keeps_nothing_on_disk(faulty_node: NodeProcess, tmp_path: Path) -> None:
    faulty_node.speak(input="hello")
    assert [
        path for path in faulty_node.outputs.iterdir() if path.suffix in (".wav", ".json")
    ] == []


def test_json_errors_are_utf_8(node: NodeProcess) -> None:
    answer = node.speak(input="你好", voice="没有")
    assert "没有" in json.loads(answer.content.decode("utf-8"))["error"]["message"]


def test_sound_is_sent_while_it_is_made(faulty_node: NodeProcess) -> None:
    with (
        faulty_node.client() as client,
        client.stream(
            "POST", "/v1/audio/speech", json=ENDLESS | {"response_format": "pcm"}
        ) as answer,
    ):
        parts = answer.iter_raw()
        # Of two megabytes.
        assert len(next(parts)) < 500_000
        assert faulty_node.status()["jobs"]["running"] == 1
        heard = 0
        while heard < 20_000:
            heard += len(next(parts))
    faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 0)


def test_a_listener_who_hangs_up_stops_the_work(faulty_node: NodeProcess) -> None:
    before = faulty_node.status()["jobs"]["cancelled"]
    with (
        faulty_node.client() as client,
        client.stream(
            "POST", "/v1/audio/speech", json=ENDLESS | {"response_format": "pcm"}
        ) as answer,
    ):
        next(answer.iter_raw())
    faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["cancelled"] == before + 1, 30)
    faulty_node.wait_until(lambda: faulty_node.status()["jobs"]["running"] == 0, 30)


def test_a_failure_in_the_middle_breaks_the_answer_off(faulty_node: NodeProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        faulty_node.speak(input="crash", stream=None)
    faulty_node.wait_ready()
    faulty_node.wait_until(
        lambda: any(
            line.get("status") == 200 and not line["complete"] for line in faulty_node.lines
        )
    )


def test_a_failure_in_the_middle_of_events_is_the_last_event(faulty_node: NodeProcess) -> None:
    answer = faulty_node.speak(input="crash", stream_format="sse", response_format="pcm")
    delta, failure = (json.loads(line[6:]) for line in answer.text.strip().split("\n\n"))
    assert delta["type"] == "speech.audio.delta"
    assert failure["type"] == "speech.audio.error"
    assert failure["error"]["code"] == "worker_died"
    faulty_node.wait_ready()


def test_silence_has_a_status_even_when_streamed(faulty_node: NodeProcess) -> None:
    answer = faulty_node.speak(input="silent", stream=None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "cannot_speak")


def test_a_request_may_have_a_shorter_deadline(faulty_node: NodeProcess) -> None:
    # Within the node's own it would be done.
    answer = faulty_node.speak(input="slow 9", timeout=1)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline")
    assert "longer than 1 s" in answer.json()["error"]["message"]
    faulty_node.wait_ready()


def test_saved_speech_is_in_the_shared_folder(node: NodeProcess) -> None:
    whole = node.speak(input="Keep this.", voice="en-us", seed=5, save=True)
    assert node.get(whole.headers["x-output"]).content == whole.content
    streamed = node.speak(input="Keep this.", voice="en-us", seed=5, save=True, stream_format="sse")
    done = json.loads(streamed.text.strip().split("\n\n")[-1][6:])
    assert node.get(done["output"]).content == whole.content


def test_markdown_is_read_as_a_person_would_unless_told_otherwise(node: NodeProcess) -> None:
    written = "# News\n\n**Bold** words 🎉 at https://www.example.com/x?y=1\n\n```sh\nls\n```"
    read = "News.\n\nBold words at example dot com\n\nCode is left out."
    body = {"voice": "en-us", "seed": 3}
    answer = node.speak(input=written, **body)
    letter = {"normalize": False, "url_normalization": True}
    plain = node.speak(input=read, **body, normalization_options=letter)
    assert answer.content == plain.content
    assert answer.headers["x-normalized"] == "true"
    assert "x-normalized" not in plain.headers
    assert plain.headers["x-ignored-fields"] == "normalization_options.url_normalization"
    to_the_letter = node.speak(input=written, **body, normalization_options={"normalize": False})
    assert len(to_the_letter.content) > len(plain.content)


def test_what_is_only_a_picture_or_grows_too_long_is_refused(node: NodeProcess) -> None:
    picture = node.speak(input="![](a.png)")
    assert picture.json()["error"]["code"] == "text_empty"
    rows = "|x\n" * 900
    table = node.speak(input=f"|{'label ' * 6}|\n|-|\n{rows}")
    assert table.status_code == 400
    assert table.json()["error"]["code"] == "text_too_long"


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("你好，欢迎使用。", "cmn"),
        ("Good morning, how are you today?", "en-us"),
        ("Guten Morgen, wie geht es Ihnen?", "de"),
        ("Kubernetes", "cmn"),
        ("Kubernetes 集群", "cmn"),
        ("123", "cmn"),
    ],
)
def test_without_a_voice_the_texts_language_chooses_on_every_route(
    node: NodeProcess, text: str, voice: str
) -> None:
    assert node.speak(input=text).headers["x-voice"] == voice
    assert node.speak(input=text, voice="").headers["x-voice"] == voice
    with node.client() as client:
        body = {"text": text, "seed": 1, "answer": "base64"}
        generated = client.post("/AIVoice/TTS/CosyVoice2/audio-generate", json=body)
        assert generated.json()["data"]["voice"] == voice
        form = {"tts_text": text, "spk_id": "alloy"}
        told = client.post("/inference_sft", data=form).headers["x-voice"]
    assert told.partition("-")[0] == voice.partition("-")[0]


@pytest.mark.parametrize("stream", [True, False])
def test_a_link_to_the_file_is_told_before_its_sound(node: NodeProcess, stream: bool) -> None:
    body = {"input": "Hello there.", "voice": "en-us", "stream": stream, "response_format": "flac"}
    answer = node.speak(**body, return_download_link=True)
    path = answer.headers["x-download-path"]
    kept = node.get(path)
    assert kept.headers["content-disposition"].startswith("attachment")
    assert kept.headers["content-type"] == "audio/flac"
    assert not stream or "x-output" not in answer.headers
    assert stream or answer.headers["x-output"] == path.partition("?")[0]
    record = json.loads((node.outputs / f"{Path(path).stem}.json").read_text())
    assert record["text"] == "Hello there."
    assert "x-download-path" not in node.speak(**body).headers


def test_an_engine_that_mixes_no_voices_says_so(node: NodeProcess) -> None:
    answer = node.speak(input="Hello there.", voice="en-us(2)+en-gb")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("voice_mixing_not_supported", "voice")
    assert "espeak" in error["message"] and "espeak" in error["message_zh"]
