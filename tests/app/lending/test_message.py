"""A job arrives as it was sent, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engines.interface import Mode, SynthesisRequest
from app.errors import DeadlineError, InvalidInputError, JobFailedError, SpeechError
from app.lending import message
from app.lending.message import Kind
from app.sound.clip import Clip
from app.workers.frames import Frame, taken_from
from app.workers.job import Job

KIND = Kind("发布-1", "faulty")


def test_a_job_and_its_recordings_arrive(tmp_path: Path) -> None:
    clips = {}
    for number, name in enumerate(("reference", "source")):
        path = tmp_path / f"{name} 录音.wav"
        path.write_bytes(bytes([number]) * (200_000 + number))
        clips[name] = Clip(path, f"{number:064x}", "词", "voice_1")
    reference, source = clips.values()
    request = SynthesisRequest("你好", "", 1.5, 7, Mode.CONVERT, reference, source, "四川话")
    job = Job("request-1", request)
    found = message.read(message.written(job, KIND, 60.0))
    assert (found.kind, found.limit) == (KIND, 60.0)
    assert found.clips == {name: clip.path.read_bytes() for name, clip in clips.items()}
    files = {name: tmp_path / name for name in clips}
    there = message.with_files(found.job, files)
    assert there.request == replace(
        request,
        reference=replace(reference, path=files["reference"]),
        source=replace(source, path=files["source"]),
    )


def test_a_path_of_one_node_does_not_travel(tmp_path: Path) -> None:
    path = tmp_path / "reference.wav"
    path.write_bytes(b"RIFF")
    request = SynthesisRequest("hi", "", 1, 1, Mode.CLONE, Clip(path, "0" * 64))
    assert str(tmp_path).encode() not in message.written(Job("one", request), KIND, 1)


@given(st.binary())
def test_anything_else_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a lent job"):
        message.read(body)


@given(st.data())
def test_a_job_that_was_cut_or_grew_is_none(data: st.DataObject) -> None:
    body = message.written(Job("one", SynthesisRequest("hi", "tone", 1, 1)), KIND, 1)
    end = data.draw(st.integers(0, len(body) - 1))
    for wrong in (body[:end], body + body[:end] + b"x"):
        with pytest.raises(ValueError, match="not a lent job"):
            message.read(wrong)


@pytest.mark.parametrize("kind", [InvalidInputError, DeadlineError, JobFailedError])
def test_errors_arrive_as_what_they_are(kind: type[SpeechError]) -> None:
    [frame] = taken_from(bytearray(message.failure(kind("code", "en", "中文")).encoded()))
    found = message.error_of(frame)
    assert type(found) is kind
    assert (found.code, found.en, found.zh) == ("code", "en", "中文")


@given(st.lists(st.binary(max_size=50), max_size=5), st.data())
def test_frames_come_out_whole_however_they_came_in(
    payloads: list[bytes], data: st.DataObject
) -> None:
    sent = [Frame("audio", {"n": n}, payload) for n, payload in enumerate(payloads)]
    stream = b"".join(frame.encoded() for frame in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    received = bytearray()
    found: list[Frame] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += stream[begin:end]
        found += taken_from(received)
    assert found == sent
    assert not received
