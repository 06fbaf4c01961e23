"""Voices from clips, kept so that the next request with the same clip need not hear it again.

The public code stores the prompt together with the voice, and with a stored speaker uses the
stored prompt whatever the call says (an instruction would be ignored). So a clip is kept once for
every prompt it is used with. It is never written to the model folder.
"""

import hashlib
from collections import OrderedDict

from ..interface import Clip
from .public_model import PublicModel

MOST = 64
"""Voices that are kept; about a megabyte each of the device's memory."""


class Speakers:
    """The speakers this process has added to a model; the least recently used goes first."""

    def __init__(self, model: PublicModel, most: int = MOST) -> None:
        self._model = model
        self._most = most
        self._known: OrderedDict[str, None] = OrderedDict()

    def id_of(self, clip: Clip, prompt: str) -> str:
        """The id under which the model knows this clip with this prompt."""
        prompt_digest = hashlib.sha256(prompt.encode()).hexdigest()
        speaker = f"clip:{clip.digest}:{prompt_digest[:16]}"
        if speaker not in self._known:
            while len(self._known) >= self._most:
                oldest, _ = self._known.popitem(last=False)
                self._model.frontend.spk2info.pop(oldest, None)
            self._model.add_zero_shot_spk(prompt, str(clip.path), speaker)
            self._known[speaker] = None
        self._known.move_to_end(speaker)
        return speaker
