"""What a run leaves behind in the model, seen from inside, on the stand-in."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from app.audio.torchaudio_import import import_torchaudio
from app.engines.cosyvoice.inference import Inference, LanguageModelError
from app.engines.cosyvoice.randomness import Randomness
from app.workers.memory import is_out_of_memory
from tests.app.engines.cosyvoice.conftest import STAND_IN


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The stand-in's networks, whose language model takes 2 ms a token."""
    import_torchaudio()
    monkeypatch.syspath_prepend(str(STAND_IN))
    from cosyvoice.cli.model import CosyVoice2Model, Qwen2LM

    model = CosyVoice2Model(Qwen2LM())
    model.llm.step = 0.002
    yield model
    for name in [name for name in sys.modules if name.partition(".")[0] == "cosyvoice"]:
        del sys.modules[name]


class DrawCounter:
    """Counts the tokens the language model draws."""

    def __init__(self, networks: Any) -> None:
        self.count = 0
        self._sampling = networks.llm.sampling
        networks.llm.sampling = self

    def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        return self._sampling(*arguments)


def inference_of(networks: Any) -> Inference:
    import torch

    return Inference(networks, Randomness(lambda seed: cast(None, torch.manual_seed(seed))))


def speech(networks: Any, tokens: int, **how: Any) -> Any:
    import torch

    text = torch.ones(1, tokens, dtype=torch.int32)
    return networks.tts(text=text, flow_embedding=torch.zeros(1, 192), **how)


def threads_of_the_model() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "job" in thread.name]


def test_an_abandoned_stream_draws_no_more_tokens(networks: Any) -> None:
    drawn = DrawCounter(networks)
    inference = inference_of(networks)
    with closing(cast(Any, inference.run(speech(networks, 2000, stream=True)))) as pieces:
        assert len(next(pieces)) > 0
        assert threads_of_the_model()
    assert drawn.count < 6000, "of 8000"
    assert not threads_of_the_model()
    assert not networks.tts_speech_token_dict
    assert not networks.llm_end_dict
    assert not networks.hift_cache_dict
    before = drawn.count
    time.sleep(0.05)
    assert drawn.count == before
    assert len(list(inference.run(speech(networks, 10)))) == 1


def test_with_vllm_the_tokens_are_taken_to_the_end(networks: Any) -> None:
    """It has no way to be told that nobody wants them, and would mix them into the next job."""
    networks.llm.vllm = object()
    drawn = DrawCounter(networks)
    pieces = cast(Any, inference_of(networks).run(speech(networks, 100, stream=True)))
    next(pieces)
    pieces.close()
    assert drawn.count == 400
    assert not threads_of_the_model()


def test_the_error_is_the_language_model_s_own(networks: Any) -> None:
    def broken(*_arguments: Any, **_named: Any) -> Iterator[int]:
        yield 1
        raise MemoryError("CUDA out of memory")

    networks.llm.inference = broken
    inference = inference_of(networks)
    for stream in (True, False):
        with pytest.raises(LanguageModelError, match="MemoryError: CUDA out of memory") as caught:
            list(inference.run(speech(networks, 10, stream=stream)))
        # By which the node knows that the worker is to be replaced.
        assert is_out_of_memory(caught.value)
    assert not networks.tts_speech_token_dict


def test_samples_stay_within_full_scale(networks: Any) -> None:
    import torch

    networks.hift.inference = lambda **_named: (torch.full((1, 960), 3.0), None)
    (piece,) = inference_of(networks).run(speech(networks, 10))
    assert piece.max() == 1
