import re
from pathlib import Path

import torch

from cosyvoice.utils.file_utils import load_wav, logging

END = "<|endofprompt|>"
END_TOKEN = 151646


class CosyVoiceFrontEnd:
    def __init__(self, spk2info):
        self.spk2info = torch.load(spk2info, weights_only=True) if Path(spk2info).exists() else {}

    def _extract_text_token(self, text):
        tokens = []
        for number, piece in enumerate(text.split(END)):
            tokens += [END_TOKEN] * (number > 0) + [ord(character) for character in piece]
        return torch.tensor([tokens], dtype=torch.int32), torch.tensor([len(tokens)])

    def _extract_speech_token(self, prompt_wav):
        speech = load_wav(prompt_wav, 16000)
        assert speech.shape[1] / 16000 <= 30, (
            "do not support extract speech token for audio longer than 30s"
        )
        count = speech.shape[1] // 640
        levels = speech[0, : count * 640].reshape(count, 640).abs().mean(dim=1)
        return (levels * 6000).to(torch.int32).unsqueeze(0)

    def _extract_spk_embedding(self, prompt_wav):
        speech = load_wav(prompt_wav, 16000)
        return torch.fft.rfft(speech[0], n=512).abs()[None, :192]

    def _extract_speech_feat(self, prompt_wav):
        speech = load_wav(prompt_wav, 24000)
        return torch.zeros(1, speech.shape[1] // 480, 80)

    def text_normalize(self, text, split=True, text_frontend=True):
        # NOTE skip text_frontend when ssml symbol in text
        if "<|" in text and "|>" in text:
            text_frontend = False
        if text_frontend is False or text == "":
            return [text] if split is True else text
        text = re.sub(
            r"\d", lambda digit: ["zero", "one", "two", "three", "four"][int(digit[0]) % 5], text
        )
        text = text.strip().replace("\n", "")
        if not split:
            return text
        texts = re.findall(r"[^。？！；.?!;]+[。？！；.?!;]?", text)
        if text[0] in "。？！" and text[1] == "”":
            texts = []
            texts.pop(-1)
        return [text for text in texts if not re.fullmatch(r"[\W_]*", text)]

    def frontend_sft(self, tts_text, spk_id):
        text, text_len = self._extract_text_token(tts_text)
        embedding = self.spk2info[spk_id]["embedding"]
        return {
            "text": text,
            "text_len": text_len,
            "llm_embedding": embedding,
            "flow_embedding": embedding,
        }

    def frontend_zero_shot(
        self, tts_text, prompt_text, prompt_wav, resample_rate, zero_shot_spk_id
    ):
        text, text_len = self._extract_text_token(tts_text)
        if zero_shot_spk_id == "":
            prompt_token, prompt_len = self._extract_text_token(prompt_text)
            speech_token = self._extract_speech_token(prompt_wav)
            embedding = self._extract_spk_embedding(prompt_wav)
            model_input = {
                "prompt_text": prompt_token,
                "prompt_text_len": prompt_len,
                "llm_prompt_speech_token": speech_token,
                "llm_prompt_speech_token_len": speech_token.shape[1],
                "flow_prompt_speech_token": speech_token,
                "prompt_speech_feat": self._extract_speech_feat(prompt_wav),
                "llm_embedding": embedding,
                "flow_embedding": embedding,
            }
        else:
            model_input = {**self.spk2info[zero_shot_spk_id]}
        model_input["text"] = text
        model_input["text_len"] = text_len
        return model_input

    def frontend_cross_lingual(self, tts_text, prompt_wav, resample_rate, zero_shot_spk_id):
        model_input = self.frontend_zero_shot(
            tts_text, "", prompt_wav, resample_rate, zero_shot_spk_id
        )
        del model_input["prompt_text"]
        del model_input["prompt_text_len"]
        del model_input["llm_prompt_speech_token"]
        del model_input["llm_prompt_speech_token_len"]
        return model_input

    def frontend_instruct2(
        self, tts_text, instruct_text, prompt_wav, resample_rate, zero_shot_spk_id
    ):
        model_input = self.frontend_zero_shot(
            tts_text, instruct_text, prompt_wav, resample_rate, zero_shot_spk_id
        )
        del model_input["llm_prompt_speech_token"]
        del model_input["llm_prompt_speech_token_len"]
        return model_input

    def frontend_vc(self, source_speech_16k, prompt_wav, resample_rate):
        return {
            "source_speech_token": self._extract_speech_token(source_speech_16k),
            "flow_prompt_speech_token": self._extract_speech_token(prompt_wav),
            "prompt_speech_feat": self._extract_speech_feat(prompt_wav),
            "flow_embedding": self._extract_spk_embedding(prompt_wav),
        }


logging.info("frontend imported")
