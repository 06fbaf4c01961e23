"""Differences between CosyVoice 2 and 3, apart from the wording of prompts."""

from dataclasses import dataclass

from app.engines.cosyvoice.choices import (
    DIALECTS_2,
    DIALECTS_3,
    LANGUAGES_2,
    LANGUAGES_3,
    STYLES_2,
    STYLES_3,
)
from app.engines.interface import Capability, Choice


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of the model."""

    number: int
    title: str
    needs_system_prompt: bool
    """True if the language model refuses to run without ``<|endofprompt|>`` before the text."""
    reads: frozenset[Capability]
    """The pronunciation marks that are tokens of its vocabulary."""
    dialects: tuple[Choice, ...]
    styles: tuple[Choice, ...]
    languages: tuple[Choice, ...]

    @property
    def name(self) -> str:
        """The engine's name."""
        return f"cosyvoice{self.number}"

    @property
    def files(self) -> tuple[str, ...]:
        """Files that a model folder must hold (see the constructors in
        cosyvoice/cli/cosyvoice.py)."""
        return (
            f"cosyvoice{self.number}.yaml",
            "llm.pt",
            "flow.pt",
            "hift.pt",
            "campplus.onnx",
            f"speech_tokenizer_v{self.number}.onnx",
            "CosyVoice-BlankEN",
        )


GENERATION_2 = Generation(
    number=2,
    title="CosyVoice 2",
    needs_system_prompt=False,
    reads=frozenset(),
    dialects=DIALECTS_2,
    styles=STYLES_2,
    languages=LANGUAGES_2,
)
GENERATION_3 = Generation(
    number=3,
    title="CosyVoice 3",
    needs_system_prompt=True,
    reads=frozenset({Capability.PINYIN, Capability.PHONEMES}),
    dialects=DIALECTS_3,
    styles=STYLES_3,
    languages=LANGUAGES_3,
)
