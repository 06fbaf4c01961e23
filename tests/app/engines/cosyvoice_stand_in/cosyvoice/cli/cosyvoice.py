from pathlib import Path

from modelscope import snapshot_download

from cosyvoice.cli.frontend import CosyVoiceFrontEnd
from cosyvoice.cli.model import CosyVoice2Model, CosyVoice3LM, CosyVoice3Model, Qwen2LM
from cosyvoice.utils.file_utils import logging


class CosyVoice2:
    def __init__(
        self,
        model_dir,
        load_jit=False,
        load_trt=False,
        load_vllm=False,
        fp16=False,
        trt_concurrent=1,
    ):
        self._make(model_dir, CosyVoice2Model(Qwen2LM(), fp16))

    def _make(self, model_dir, model):
        if not Path(model_dir).exists():
            model_dir = snapshot_download(model_dir)
        self.model_dir = model_dir
        self.frontend = CosyVoiceFrontEnd(f"{model_dir}/spk2info.pt")
        self.sample_rate = 24000
        self.model = model

    def list_available_spks(self):
        return list(self.frontend.spk2info.keys())

    def add_zero_shot_spk(self, prompt_text, prompt_wav, zero_shot_spk_id):
        assert zero_shot_spk_id != "", "do not use empty zero_shot_spk_id"
        model_input = self.frontend.frontend_zero_shot(
            "", prompt_text, prompt_wav, self.sample_rate, ""
        )
        del model_input["text"]
        del model_input["text_len"]
        self.frontend.spk2info[zero_shot_spk_id] = model_input
        return True

    def _speak(self, model_input, stream, speed, what=""):
        logging.info("synthesis text %s", what)
        yield from self.model.tts(**model_input, stream=stream, speed=speed)

    def inference_sft(self, tts_text, spk_id, stream=False, speed=1.0, text_frontend=True):
        for i in self.frontend.text_normalize(tts_text, split=True, text_frontend=text_frontend):
            yield from self._speak(self.frontend.frontend_sft(i, spk_id), stream, speed, i)

    def inference_zero_shot(
        self,
        tts_text,
        prompt_text,
        prompt_wav,
        zero_shot_spk_id="",
        stream=False,
        speed=1.0,
        text_frontend=True,
    ):
        prompt_text = self.frontend.text_normalize(
            prompt_text, split=False, text_frontend=text_frontend
        )
        for i in self.frontend.text_normalize(tts_text, split=True, text_frontend=text_frontend):
            model_input = self.frontend.frontend_zero_shot(
                i, prompt_text, prompt_wav, self.sample_rate, zero_shot_spk_id
            )
            yield from self._speak(model_input, stream, speed, i)

    def inference_cross_lingual(
        self,
        tts_text,
        prompt_wav,
        zero_shot_spk_id="",
        stream=False,
        speed=1.0,
        text_frontend=True,
    ):
        for i in self.frontend.text_normalize(tts_text, split=True, text_frontend=text_frontend):
            model_input = self.frontend.frontend_cross_lingual(
                i, prompt_wav, self.sample_rate, zero_shot_spk_id
            )
            yield from self._speak(model_input, stream, speed, i)

    def inference_instruct2(
        self,
        tts_text,
        instruct_text,
        prompt_wav,
        zero_shot_spk_id="",
        stream=False,
        speed=1.0,
        text_frontend=True,
    ):
        for i in self.frontend.text_normalize(tts_text, split=True, text_frontend=text_frontend):
            model_input = self.frontend.frontend_instruct2(
                i, instruct_text, prompt_wav, self.sample_rate, zero_shot_spk_id
            )
            yield from self._speak(model_input, stream, speed, i)

    def inference_vc(self, source_wav, prompt_wav, stream=False, speed=1.0):
        model_input = self.frontend.frontend_vc(source_wav, prompt_wav, self.sample_rate)
        yield from self._speak(model_input, stream, speed)


class CosyVoice3(CosyVoice2):
    def __init__(self, model_dir, load_trt=False, load_vllm=False, fp16=False, trt_concurrent=1):
        self._make(model_dir, CosyVoice3Model(CosyVoice3LM(), fp16))


def AutoModel(**kwargs):  # noqa: N802
    if not Path(kwargs["model_dir"]).exists():
        kwargs["model_dir"] = snapshot_download(kwargs["model_dir"])
    if Path(kwargs["model_dir"], "cosyvoice2.yaml").exists():
        return CosyVoice2(**kwargs)
    if Path(kwargs["model_dir"], "cosyvoice3.yaml").exists():
        return CosyVoice3(**kwargs)
    raise TypeError("No valid model type found!")
