"""The part of the public repository's interface that is used here, written down.

From cosyvoice/cli/cosyvoice.py (CosyVoice2, CosyVoice3), cli/frontend.py and cli/model.py. All
``inference_*`` give one dictionary a piece, ``{"tts_speech": float tensor of 1 × samples}``;
without ``stream`` one for each text, with it many.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypedDict, Unpack

Pieces = Iterator[dict[str, Any]]


class Frontend(Protocol):
    """Text and recordings to what the networks take."""

    spk2info: dict[str, dict[str, Any]]
    """Speakers by id: those of the model folder and those added since."""

    def text_normalize(self, text: str, split: bool = True, text_frontend: bool = True) -> Any:
        """A list of sentences with ``split``, else the text. Untouched where it holds <| and |>."""
        ...


class Networks(Protocol):
    """Language model, flow and vocoder. The dictionaries hold the state of running requests."""

    llm: Any
    hift: Any
    token_hop_len: int
    """Tokens before the next piece of a stream; doubled by every piece and never set back."""
    tts_speech_token_dict: dict[str, Any]
    llm_end_dict: dict[str, bool]
    hift_cache_dict: dict[str, Any]

    def llm_job(self, *arguments: Any) -> None:
        """The language model's thread; its last argument is the request's id."""
        ...


class _PromptOptions(TypedDict):
    """Options of what speaks after a prompt."""

    zero_shot_spk_id: str
    """Id of a stored prompt, which is used instead of the one in the call."""
    stream: bool
    speed: float
    text_frontend: bool
    """Normalise and split the text."""


class PublicModel(Protocol):
    """The part of AutoModel's interface that generations 2 and 3 share."""

    frontend: Frontend
    model: Networks
    sample_rate: int

    def add_zero_shot_spk(self, prompt_text: str, prompt_wav: str, zero_shot_spk_id: str) -> bool:
        """Keep a clip's features, and the prompt with them, under an id."""
        ...

    def inference_sft(
        self, tts_text: str, spk_id: str, *, stream: bool, speed: float, text_frontend: bool
    ) -> Pieces:
        """Speak in the voice of a trained speaker."""
        ...

    def inference_zero_shot(
        self,
        tts_text: str,
        prompt_text: str,
        prompt_wav: str,
        **options: Unpack[_PromptOptions],
    ) -> Pieces:
        """Speak in the voice of a clip whose words are known."""
        ...

    def inference_cross_lingual(
        self,
        tts_text: str,
        prompt_wav: str,
        **options: Unpack[_PromptOptions],
    ) -> Pieces:
        """Speak in the voice of a clip; the language model hears nothing of it."""
        ...

    def inference_instruct2(
        self,
        tts_text: str,
        instruct_text: str,
        prompt_wav: str,
        **options: Unpack[_PromptOptions],
    ) -> Pieces:
        """Speak as an instruction says. With an id the prompt stored with it is used instead."""
        ...

    def inference_vc(
        self, source_wav: str, prompt_wav: str, *, stream: bool, speed: float
    ) -> Pieces:
        """Say one clip's words in another's voice."""
        ...
