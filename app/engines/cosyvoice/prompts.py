"""The words around the words: what each generation of the model expects to be told.

``<|endofprompt|>`` ends what is not to be spoken. CosyVoice 3 asserts that it is there; without it
the language model's thread dies and a stream never ends. A user's text must never hold it, nor
any other of the model's control words: what follows could be taken for an instruction, and the
public code neither normalises nor splits such a text.
"""

import re

from app.engines.cosyvoice.generation import Generation
from app.engines.interface import CannotSpeakError

END = "<|endofprompt|>"
_SYSTEM = "You are a helpful assistant."
_CONTROL = re.compile(r"<\|.*?\|>", re.DOTALL)
_LONGEST_INSTRUCTION = 200
"""Characters; the model begins to read longer ones aloud."""


def before_text(generation: Generation) -> str:
    """Build the prefix of a text that comes with neither transcript nor instruction."""
    return _SYSTEM + END if generation.needs_system_prompt else ""


def with_transcript(transcript: str, generation: Generation) -> str:
    """The prompt of a clip whose words are known."""
    return before_text(generation) + transcript


def with_instruction(instruction: str, generation: Generation) -> str:
    """The prompt that says how to speak."""
    system = f"{_SYSTEM} " if generation.needs_system_prompt else ""
    return system + instruction + END


def check_words(text: str, transcript: str, instruction: str) -> None:
    """Raise ``CannotSpeakError`` for control words and overlong instructions."""
    for words in (text, transcript, instruction):
        # "<|" and "|>" anywhere, in any order, already switch normalisation and splitting off.
        if (found := _CONTROL.search(words)) or ("<|" in words and "|>" in words):
            told = found[0][:40] if found else "<| |>"
            raise CannotSpeakError(
                f"{told} is a control word of the model and cannot be spoken; remove it",
                f"“{told}”是模型的控制符号，不能朗读，请删除",
            )
    if len(instruction) > _LONGEST_INSTRUCTION:
        raise CannotSpeakError(
            f"the instruction has {len(instruction)} characters; at most "
            f"{_LONGEST_INSTRUCTION} are followed, longer ones are read aloud",
            f"指令共 {len(instruction)} 字，最多 {_LONGEST_INSTRUCTION} 字，过长的指令会被读出来",
        )
