import math
import threading
import time
import uuid

import torch

from cosyvoice.cli.frontend import END_TOKEN

EMPTY = torch.zeros(1, 0, dtype=torch.int32)


def ras_sampling(weighted_scores, decoded_tokens, sampling):
    return weighted_scores.softmax(dim=0).multinomial(1, replacement=True).item()


class Qwen2LM:
    """Four speech tokens for each of the text's, by chance, as the prompt makes likely."""

    def __init__(self):
        self.sampling = ras_sampling
        self.step = 0.0

    def inference(self, text, prompt_text, prompt_speech_token, embedding, uuid=""):
        joined = torch.concat([prompt_text, text], dim=1)
        if self.__class__.__name__ == "CosyVoice3LM":
            assert END_TOKEN in joined, (
                "<|endofprompt|> not detected in CosyVoice3 text or prompt_text, check your input!"
            )
        said = int(joined.sum()) + int(prompt_speech_token.sum())
        scores = torch.sin(torch.arange(100.0) * (said % 97 + 1))
        for number in range(text.shape[1] * 4):
            time.sleep(self.step)
            yield self.sampling(scores, [], 25) + int(text[0, number // 4]) % 400


class CosyVoice3LM(Qwen2LM):
    pass


class Hift:
    """A token is a tone of 40 ms, with a breath of noise."""

    def inference(self, speech_feat, finalize=True):
        tones = [torch.sin(torch.arange(960.0) * pitch) for pitch in speech_feat]
        speech = torch.concat(tones).unsqueeze(0) * 0.3
        return speech + torch.randn_like(speech) * 0.01, None


class Flow:
    token_mel_ratio = 2
    pre_lookahead_len = 3


class CosyVoice2Model:
    def __init__(self, llm, fp16=False):
        self.llm = llm
        self.flow = Flow()
        self.hift = Hift()
        self.token_hop_len = 25
        self.token_max_hop_len = 4 * self.token_hop_len
        self.stream_scale_factor = 2
        self.lock = threading.Lock()
        self.tts_speech_token_dict = {}
        self.llm_end_dict = {}
        self.hift_cache_dict = {}

    def llm_job(self, text, prompt_text, llm_prompt_speech_token, llm_embedding, uuid):
        tokens = self.llm.inference(
            text=text,
            prompt_text=prompt_text,
            prompt_speech_token=llm_prompt_speech_token,
            embedding=llm_embedding,
            uuid=uuid,
        )
        for token in tokens:
            self.tts_speech_token_dict[uuid].append(token)
        self.llm_end_dict[uuid] = True

    def vc_job(self, source_speech_token, uuid):
        self.tts_speech_token_dict[uuid] = source_speech_token.flatten().tolist()
        self.llm_end_dict[uuid] = True

    def token2wav(self, token, embedding, token_offset, uuid, finalize=False, speed=1.0):
        assert token.shape[1] > 0, "the flow cannot run on no token at all"
        lookahead = 0 if finalize else self.flow.pre_lookahead_len
        said = token[0, token_offset : token.shape[1] - lookahead]
        if speed != 1.0:
            assert self.hift_cache_dict[uuid] is None, (
                "speed change only support non-stream inference mode"
            )
            said = said[(torch.arange(int(len(said) / speed)) * speed).long()]
        self.hift_cache_dict[uuid] = {}
        voice = 0.02 + float(embedding.abs().sum()) % 1 / 100
        return self.hift.inference(speech_feat=voice + said % 500 / 5000, finalize=finalize)[0]

    def tts(
        self,
        text=EMPTY,
        flow_embedding=None,
        llm_embedding=None,
        prompt_text=EMPTY,
        llm_prompt_speech_token=EMPTY,
        flow_prompt_speech_token=EMPTY,
        prompt_speech_feat=None,
        source_speech_token=EMPTY,
        stream=False,
        speed=1.0,
        **kwargs,
    ):
        this_uuid = str(uuid.uuid1())
        with self.lock:
            self.tts_speech_token_dict[this_uuid], self.llm_end_dict[this_uuid] = [], False
            self.hift_cache_dict[this_uuid] = None
        if source_speech_token.shape[1] == 0:
            p = threading.Thread(
                target=self.llm_job,
                args=(text, prompt_text, llm_prompt_speech_token, llm_embedding, this_uuid),
            )
        else:
            p = threading.Thread(target=self.vc_job, args=(source_speech_token, this_uuid))
        p.start()
        tokens = self.tts_speech_token_dict
        if stream is True:
            token_offset = 0
            prompt = flow_prompt_speech_token.shape[1]
            pad = math.ceil(prompt / self.token_hop_len) * self.token_hop_len - prompt
            while True:
                time.sleep(0.01)
                hop = self.token_hop_len + pad if token_offset == 0 else self.token_hop_len
                needed = hop + self.flow.pre_lookahead_len
                if len(tokens[this_uuid]) - token_offset >= needed:
                    token = torch.tensor(tokens[this_uuid][: token_offset + needed]).unsqueeze(0)
                    speech = self.token2wav(
                        token, flow_embedding, token_offset, this_uuid, finalize=False
                    )
                    token_offset += hop
                    self.token_hop_len = min(
                        self.token_max_hop_len, self.token_hop_len * self.stream_scale_factor
                    )
                    yield {"tts_speech": speech.cpu()}
                if (
                    self.llm_end_dict[this_uuid] is True
                    and len(tokens[this_uuid]) - token_offset < needed
                ):
                    break
            p.join()
            token = torch.tensor(tokens[this_uuid]).unsqueeze(0)
            yield {
                "tts_speech": self.token2wav(
                    token, flow_embedding, token_offset, this_uuid, finalize=True
                ).cpu()
            }
        else:
            p.join()
            token = torch.tensor(tokens[this_uuid]).unsqueeze(0)
            speech = self.token2wav(token, flow_embedding, 0, this_uuid, finalize=True, speed=speed)
            yield {"tts_speech": speech.cpu()}
        with self.lock:
            self.tts_speech_token_dict.pop(this_uuid)
            self.llm_end_dict.pop(this_uuid)
            self.hift_cache_dict.pop(this_uuid)


class CosyVoice3Model(CosyVoice2Model):
    pass
