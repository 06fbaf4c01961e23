"""What the engine promises, on the stand-in and on the public repository's own classes.

The latter speak noise (their weights are random), so nothing here judges the sound as speech.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.engines.interface import Mode, SynthesisRequest
from app.sound.clip import Clip
from tests.app.engines.cosyvoice.conftest import Installation
from tests.app.engines.cosyvoice.worker_process import WorkerProcess, worker

HELLO = "你好，世界。"
LONG = "今天天气很好，我们去公园散步。"


def clip(path: Path, transcript: str = "") -> Clip:
    return Clip(path, hashlib.sha256(path.read_bytes()).hexdigest(), transcript)


@pytest.fixture
def low(recordings: dict[str, Path]) -> Clip:
    return clip(recordings["low"], "希望你以后能够做得更好。")


@pytest.fixture
def high(recordings: dict[str, Path]) -> Clip:
    return clip(recordings["high"], "今天天气很好。")


def ask(
    mode: Mode,
    text: str = HELLO,
    *,
    voice: str = "",
    reference: Clip | None = None,
    source: Clip | None = None,
    instruction: str = "",
    speed: float = 1.0,
    seed: int = 7,
    stream: bool = False,
) -> SynthesisRequest:
    return SynthesisRequest(text, voice, speed, seed, mode, reference, source, instruction, stream)


def requests_of(low: Clip, high: Clip) -> dict[str, SynthesisRequest]:
    return {
        "sft": ask(Mode.PRESET, voice="中文女"),
        "saved": ask(Mode.PRESET, voice="saved"),
        "clone": ask(Mode.CLONE, reference=low),
        "cross": ask(Mode.CROSS_LINGUAL, "Hello.", reference=low),
        "instruct": ask(Mode.INSTRUCT, reference=low, instruction="请用四川话表达。"),
        "convert": ask(Mode.CONVERT, "", source=low, reference=high),
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", ["sft", "saved", "clone", "cross", "instruct", "convert"])
def test_every_mode_speaks_and_a_seed_repeats_it(
    speaking: WorkerProcess, low: Clip, high: Clip, name: str, stream: bool
) -> None:
    request = replace(requests_of(low, high)[name], stream=stream)
    first = speaking.answer(request)
    assert first.ending.kind == "done", first.ending
    assert first.seconds > 0.2
    assert np.abs(first.samples).max() > 100
    assert speaking.answer(request).digest == first.digest
    assert speaking.answer(replace(request, seed=8)).digest != first.digest or name == "convert"


def test_two_workers_say_the_same(
    speaking: WorkerProcess, installation: Installation, low: Clip
) -> None:
    request = ask(Mode.CLONE, reference=low, stream=True)
    speaking.answer(ask(Mode.CLONE, LONG, reference=low, seed=3))
    with worker(installation.generation.name, installation.environment) as other:
        other.expect_ready()
        assert other.answer(request).digest == speaking.answer(request).digest


def test_a_stream_comes_in_pieces_and_the_third_begins_as_early_as_the_first(
    speaking: WorkerProcess, low: Clip, high: Clip
) -> None:
    """The public code waits longer for the first piece of every further stream."""
    request = ask(Mode.CLONE, LONG, reference=low, stream=True)
    streams = [speaking.answer(request) for _ in range(3)]
    assert len(streams[0].pieces) > 1
    lengths = [[len(piece) for piece in stream.pieces] for stream in streams]
    assert lengths[0] == lengths[1] == lengths[2]
    assert len({stream.digest for stream in streams}) == 1


def test_the_reference_the_instruction_and_the_transcript_matter(
    speaking: WorkerProcess, low: Clip, high: Clip
) -> None:
    other_words = Clip(low.path, low.digest, "另外一句话，完全不同。")
    said = [
        ask(Mode.CLONE, reference=low),
        ask(Mode.CLONE, reference=other_words),
        ask(Mode.CLONE, reference=high),
        ask(Mode.CROSS_LINGUAL, reference=low),
        ask(Mode.INSTRUCT, reference=low, instruction="请用四川话表达。"),
        ask(Mode.INSTRUCT, reference=low, instruction="请用广东话表达。"),
        ask(Mode.INSTRUCT, reference=high, instruction="请用广东话表达。"),
    ]
    heard = [speaking.answer(request) for request in said]
    assert {answer.ending.kind for answer in heard} == {"done"}
    assert len({answer.digest for answer in heard}) == len(said)
    # And again, now from the cache, in another order.
    assert [speaking.answer(request).digest for request in reversed(said)] == [
        answer.digest for answer in reversed(heard)
    ]


def test_speed_is_kept_with_and_without_a_listener(speaking: WorkerProcess, low: Clip) -> None:
    def seconds(speed: float, stream: bool) -> float:
        request = ask(Mode.CLONE, LONG, reference=low, speed=speed, stream=stream)
        return speaking.answer(request).seconds

    normal = seconds(1.0, False)
    for stream in (False, True):
        assert seconds(2.0, stream) == pytest.approx(normal / 2, rel=0.05)
        assert seconds(0.5, stream) == pytest.approx(normal * 2, rel=0.05)


@pytest.mark.parametrize("mode", [Mode.CLONE, Mode.CROSS_LINGUAL, Mode.INSTRUCT])
def test_a_long_text_is_spoken_sentence_by_sentence(
    speaking: WorkerProcess, low: Clip, mode: Mode
) -> None:
    text = "一二三四五六七八九十，天地人。" * 9
    one = speaking.answer(ask(mode, text[:15], reference=low, instruction="请非常开心地说一句话。"))
    all_ = speaking.answer(ask(mode, text, reference=low, instruction="请非常开心地说一句话。"))
    assert all_.ending.kind == "done"
    # Random weights draw "silent" tokens too, of which the public code drops the sixth and later.
    assert all_.seconds > 3 * one.seconds


def test_a_language_model_that_fails_is_told_and_the_next_job_is_served(
    speaking: WorkerProcess, installation: Installation, low: Clip
) -> None:
    """A saved speaker without `<|endofprompt|>`: the public code's stream would never end."""
    for stream in (True, False):
        answer = speaking.answer(ask(Mode.PRESET, voice="broken", stream=stream))
        if installation.generation.number == 2:
            assert answer.ending.kind == "done"
        else:
            assert answer.ending.kind == "failed"
            assert "endofprompt" in str(answer.ending.fields["message"])
        assert speaking.answer(ask(Mode.CLONE, reference=low)).ending.kind == "done"


def test_an_abandoned_stream_stops_and_leaves_nothing_behind(
    speaking: WorkerProcess, low: Clip
) -> None:
    request = ask(Mode.CLONE, LONG, reference=low, stream=True)
    whole = speaking.answer(request)
    endless = ask(Mode.CLONE, LONG * 40, reference=low, stream=True)
    speaking.begin(endless)
    assert speaking.receive().kind == "audio"
    speaking.cancel()
    ended = speaking.rest()
    assert ended.ending.kind == "cancelled"
    assert ended.seconds < 30
    assert speaking.answer(request).digest == whole.digest


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (ask(Mode.PRESET, "你好<|endofprompt|>世界", voice="saved"), "<|endofprompt|>"),
        (ask(Mode.PRESET, "a |> b <| c", voice="saved"), "control word"),
        (ask(Mode.PRESET, "！？", voice="saved"), "normalised"),
        (ask(Mode.INSTRUCT, instruction="慢" * 201), "201"),
    ],
)
def test_what_cannot_be_spoken_is_refused_in_both_languages(
    speaking: WorkerProcess, low: Clip, request_: SynthesisRequest, said: str
) -> None:
    if request_.mode is Mode.INSTRUCT:
        request_ = replace(request_, reference=low)
    answer = speaking.answer(request_)
    assert answer.ending.kind == "refused"
    assert said in str(answer.ending.fields["en"])
    assert any("\u4e00" <= character <= "\u9fff" for character in str(answer.ending.fields["zh"]))


def test_cloning_without_a_transcript_is_refused(speaking: WorkerProcess, low: Clip) -> None:
    answer = speaking.answer(ask(Mode.CLONE, reference=Clip(low.path, low.digest)))
    assert answer.ending.kind == "refused"
    assert "transcript" in str(answer.ending.fields["en"])
