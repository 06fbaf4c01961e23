"""The engines ``cosyvoice3`` and ``cosyvoice2``."""

import hashlib

from app.engines.cosyvoice.configuration import (
    EXAMPLE_WORDS,
    Configuration,
    read_configuration,
)
from app.engines.cosyvoice.engine import CosyVoiceEngine
from app.engines.cosyvoice.generation import GENERATION_2, GENERATION_3, Generation
from app.engines.cosyvoice.repository import load_model
from app.engines.cosyvoice.saved_speakers import saved_speakers
from app.engines.interface import (
    Capability,
    Clip,
    ClipLimits,
    EngineInfo,
    EngineUnavailableError,
    Mode,
    SynthesisRequest,
)

SAMPLE_RATE = 24000
# The code asserts 30 s and 16 kHz; a second is what still gives a likeness.
LIMITS = ClipLimits(shortest=1.0, longest=30.0, lowest_rate=16000, sample_rate=SAMPLE_RATE)
_CLIP_MODES = frozenset({Mode.CLONE, Mode.CROSS_LINGUAL, Mode.INSTRUCT, Mode.CONVERT})
_FIRST_WORDS = "你好，世界。"


class CosyVoicePlugin:
    """The ``app.engines.interface.EnginePlugin`` of CosyVoice."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def describe(self) -> EngineInfo:
        """Read the configuration and the names of saved speakers; imports no torch."""
        generation = self._generation
        configuration = read_configuration(generation)
        voices = tuple(speaker.voice for speaker in saved_speakers(configuration.model_dir))
        return EngineInfo(
            name=generation.name,
            title=generation.title,
            sample_rate=SAMPLE_RATE,
            voices=voices,
            capabilities=_capabilities(generation, configuration),
            warm_up_text=_FIRST_WORDS,
            modes=_CLIP_MODES | ({Mode.PRESET} if voices else frozenset()),
            dialects=generation.dialects,
            styles=generation.styles,
            languages=generation.languages,
            clips=LIMITS,
            warm_up=_first_request(configuration),
        )

    def load(self) -> CosyVoiceEngine:
        """Load the model, which takes minutes with real weights."""
        configuration = read_configuration(self._generation)
        saved = saved_speakers(configuration.model_dir)
        model, set_all_random_seed = load_model(configuration)
        if model.sample_rate != SAMPLE_RATE:
            raise EngineUnavailableError(
                f"the model in {configuration.model_dir} speaks at {model.sample_rate} Hz, "
                f"expected {SAMPLE_RATE}"
            )
        return CosyVoiceEngine(model, self._generation, saved, set_all_random_seed)


def _capabilities(generation: Generation, configuration: Configuration) -> frozenset[Capability]:
    always = {Capability.SPEED, Capability.SPEED_WHILE_STREAMING, Capability.STREAMING}
    # vLLM draws its tokens itself, in its own order: no seed of ours reaches it.
    seed = set() if configuration.load_vllm else {Capability.SEED}
    return frozenset(always | seed | generation.reads)


def _first_request(configuration: Configuration) -> SynthesisRequest:
    """Build a request in the voice of the recording the repository ships: no preset voice is
    needed."""
    path = configuration.example_clip
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    clip = Clip(path, digest, EXAMPLE_WORDS)
    return SynthesisRequest(_FIRST_WORDS, "", speed=1.0, seed=1, mode=Mode.CLONE, reference=clip)


cosyvoice3 = CosyVoicePlugin(GENERATION_3)
cosyvoice2 = CosyVoicePlugin(GENERATION_2)
