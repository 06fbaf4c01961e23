"""Request of a person, unchecked. The page and every route of the API make one of these."""

from dataclasses import dataclass
from pathlib import Path

from .engines.interface import Mode


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """``app.speech.SpeechService.prepare`` turns it into what an engine can take, or refuses it."""

    text: str = ""
    mode: Mode | None = None
    """None: what follows from the voice, the clips and the instruction."""
    voice: str | None = None
    """Id of a voice of the engine or of a registered one; None is the default, or ``reference``."""
    reference: Path | None = None
    """An uploaded recording, in any format, whose voice is to be used."""
    transcript: str = ""
    """The words in ``reference``."""
    source: Path | None = None
    """An uploaded recording that is to be said again."""
    instruction: str = ""
    speed: float = 1.0
    seed: int | None = None
    """None: a random one, told with the result."""
    stream: bool = False
    timeout: float | None = None
    """Seconds the job may run; None is the node's own limit."""
    word_times: bool = False
    """Tell when each word is said."""
    normalize: bool = False
    """The text is one to be seen: its markup, addresses and emoji become what a reader would say.
    """
