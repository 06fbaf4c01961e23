"""Run the public model so that every run ends: by its end, with its error, or when abandoned.

Read in cosyvoice/cli/model.py, and seen with its own classes:

- The language model runs in a thread of its own. When it raises, nobody is told: a stream waits
  for ever for tokens, and a whole utterance fails later for another reason.
- A generator that is closed early leaves that thread running, and the request's entries behind.
- ``token_hop_len`` is doubled by streaming, and the next stream begins with what the last left.
"""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from app.engines.cosyvoice.public_model import Networks, Pieces
from app.engines.cosyvoice.randomness import Randomness
from app.engines.interface import Samples
from app.errors import NodeError

_REQUEST_STATE = (
    "tts_speech_token_dict",
    "llm_end_dict",
    "hift_cache_dict",
    "mel_overlap_dict",
    "flow_cache_dict",
)


class LanguageModelError(NodeError):
    """The language model's thread ended in an error, which is this one's cause."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"the language model failed: {type(error).__name__}: {error}")


class Inference:
    """A model's networks, wrapped once. One run at a time."""

    def __init__(self, networks: Networks, randomness: Randomness) -> None:
        self._networks = networks
        self._first_hop = networks.token_hop_len
        self._job = networks.llm_job
        self._tokens = networks.llm.inference
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        # vLLM continues a request whose tokens nobody takes, so they are taken to the end.
        self._can_stop = not hasattr(networks.llm, "vllm")
        networks.llm_job = self._watched_job  # type: ignore[method-assign]
        networks.llm.inference = self._stoppable_tokens
        networks.llm.sampling = randomness.apart("tokens", networks.llm.sampling)
        networks.hift.inference = randomness.apart("noise", networks.hift.inference)

    def run(self, speech: Pieces) -> Iterator[Samples]:
        """The pieces of one call of the model's, which must not have begun."""
        self._networks.token_hop_len = self._first_hop
        self._stop.clear()
        self._failure = self._thread = None
        try:
            for piece in self._told(speech):
                yield _samples(piece)
        finally:
            self._stop.set()
            speech.close()  # type: ignore[attr-defined]
            if self._thread is not None:
                self._thread.join()
            self._forget()

    def _told(self, speech: Pieces) -> Pieces:
        """The pieces, with the language model's error in place of what follows from it."""
        try:
            for piece in speech:
                if self._failure is not None:
                    break
                yield piece
        except Exception:
            if self._failure is None:
                raise
            raise LanguageModelError(self._failure) from self._failure
        if self._failure is not None:
            raise LanguageModelError(self._failure) from self._failure

    def _watched_job(self, *arguments: Any) -> None:
        self._thread = threading.current_thread()
        try:
            self._job(*arguments)
        except BaseException as error:
            self._failure = error
        finally:
            # Without this a stream would wait for tokens for ever.
            self._networks.llm_end_dict[arguments[-1]] = True

    def _stoppable_tokens(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        for token in self._tokens(*arguments, **named):
            yield token
            if self._can_stop and self._stop.is_set():
                return

    def _forget(self) -> None:
        for name in _REQUEST_STATE:
            getattr(self._networks, name, {}).clear()


def _samples(piece: dict[str, Any]) -> Samples:
    speech: Samples = piece["tts_speech"].detach().cpu().float().numpy().reshape(-1)
    return np.clip(speech, np.float32(-1), np.float32(1))
