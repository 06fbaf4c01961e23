"""CosyVoice as an engine: from a request to the calls of the public model."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.engines.cosyvoice import prompts
from app.engines.cosyvoice.generation import Generation
from app.engines.cosyvoice.inference import Inference
from app.engines.cosyvoice.parts import text_parts, transcript_words
from app.engines.cosyvoice.public_model import Pieces, PublicModel
from app.engines.cosyvoice.randomness import Randomness
from app.engines.cosyvoice.saved_speakers import SavedSpeaker
from app.engines.cosyvoice.speakers import Speakers
from app.engines.interface import CannotSpeakError, Clip, Mode, Samples, SynthesisRequest


class CosyVoiceEngine:
    """A loaded model. See ``app.engines.interface.Engine``."""

    def __init__(
        self,
        model: PublicModel,
        generation: Generation,
        saved: Iterable[SavedSpeaker],
        set_all_random_seed: Callable[[int], None],
    ) -> None:
        self._model = model
        self._generation = generation
        self._from_clip = {speaker.voice.id: speaker.from_clip for speaker in saved}
        self._speakers = Speakers(model)
        self._randomness = Randomness(set_all_random_seed)
        self._inference = Inference(model.model, self._randomness)

    def synthesize(self, request: SynthesisRequest) -> Iterator[Samples]:
        """Yield speech: sentence by sentence, or in smaller pieces where somebody listens."""
        transcript = request.reference.transcript if request.reference else ""
        prompts.check_words(request.text, transcript, request.instruction)
        self._randomness.seed(request.seed)
        for speech in self._calls(request):
            yield from self._inference.run(speech)

    def _calls(self, request: SynthesisRequest) -> Iterator[Pieces]:
        """Call the model once for each part of the text, when its turn comes."""
        if request.mode is Mode.CONVERT:
            source, reference = _clip(request.source), _clip(request.reference)
            yield self._model.inference_vc(str(source.path), str(reference.path), **_pace(request))
            return
        parts = text_parts(request.text, self._model.frontend)
        if not parts:
            raise CannotSpeakError(
                "nothing in the text can be spoken once it is normalised",
                "文字规范化后没有可以朗读的内容",
            )
        say = self._sayer(request)
        for part in parts:
            yield say(part)

    def _sayer(self, request: SynthesisRequest) -> Callable[[str], Pieces]:
        """Choose the function that speaks a part that is already normalised."""
        model, before = self._model, prompts.before_text(self._generation)
        # Normalised already; and the public code must not split what has a prompt before it.
        how: dict[str, Any] = _pace(request) | {"text_frontend": False}
        if request.mode is Mode.PRESET:
            if self._from_clip[request.voice]:
                how["zero_shot_spk_id"] = request.voice
                return lambda part: model.inference_zero_shot(part, "", "", **how)
            return lambda part: model.inference_sft(before + part, request.voice, **how)
        clip = _clip(request.reference)
        if request.mode is Mode.CLONE:
            how["zero_shot_spk_id"] = self._speakers.id_of(clip, self._clone_prompt(clip))
            return lambda part: model.inference_zero_shot(part, "", "", **how)
        if request.mode is Mode.CROSS_LINGUAL:
            how["zero_shot_spk_id"] = self._speakers.id_of(clip, "")
            return lambda part: model.inference_cross_lingual(before + part, "", **how)
        prompt = prompts.with_instruction(request.instruction, self._generation)
        how["zero_shot_spk_id"] = self._speakers.id_of(clip, prompt)
        return lambda part: model.inference_instruct2(part, prompt, "", **how)

    def _clone_prompt(self, clip: Clip) -> str:
        if not clip.transcript.strip():
            raise CannotSpeakError(
                "cloning needs the words spoken in the reference; give its transcript, or use "
                "the cross-lingual mode, which needs none",
                "声音复刻需要参考音频的文字稿，请填写，或改用不需要文字稿的跨语种模式",
            )
        words = transcript_words(clip.transcript, self._model.frontend)
        return prompts.with_transcript(words, self._generation)


def _pace(request: SynthesisRequest) -> dict[str, Any]:
    # The model can change the tempo of a finished utterance only; that still comes sentence by
    # sentence.
    return {"stream": request.stream and request.speed == 1.0, "speed": request.speed}


def _clip(clip: Clip | None) -> Clip:
    if clip is None:
        raise ValueError("a request of this mode comes with a clip")
    return clip
