"""Model folders of the public CosyVoice repository's own classes: tiny, with random weights.

    python -m tests.app.engines.cosyvoice.tiny_model REPOSITORY FOLDER GENERATION

Every file a real model folder has is there, and every class is the repository's; only sizes and
weights differ (and with them the sound, which is noise). Needs what the repository's
requirements.txt names, and the package onnx.
"""

import json
import sys
from pathlib import Path
from typing import Any

_SPEECH_TOKENS = 6561
_WIDTH = 64
# Qwen2's own vocabulary ends here; CosyVoice3 expects <|endofprompt|> as token 151646, the
# fourth of the special tokens after it.
_PLAIN_TOKENS = 151643
_SILENT_TOKENS = (1, 2, 28, 29, 55, 248, 494, 2241, 2242, 2322, 2323)
"""Speech tokens of which the third generation leaves out all but five in a row."""

_COMMON = """
__set_seed1: !apply:random.seed [1986]
__set_seed2: !apply:numpy.random.seed [1986]
__set_seed3: !apply:torch.manual_seed [1986]
sample_rate: 24000
qwen_pretrain_path: ''
llm: !new:cosyvoice.llm.llm.{llm_class}
    llm_input_size: {width}
    llm_output_size: {width}
    speech_token_size: {speech_tokens}
    llm: !new:cosyvoice.llm.llm.Qwen2Encoder
        pretrain_path: !ref <qwen_pretrain_path>
    sampling: !name:cosyvoice.utils.common.ras_sampling
        top_p: 0.8
        top_k: 25
        win_size: 10
        tau_r: 0.1
cfm_params: &cfm !new:omegaconf.DictConfig
    content:
        sigma_min: 1e-06
        solver: euler
        t_scheduler: cosine
        training_cfg_rate: 0.2
        inference_cfg_rate: 0.7
        reg_loss_type: l1
{flow}
hift: !new:cosyvoice.hifigan.generator.{hift_class}
    in_channels: 80
    base_channels: 32
    nb_harmonics: 8
    sampling_rate: !ref <sample_rate>
    nsf_alpha: 0.1
    nsf_sigma: 0.003
    nsf_voiced_threshold: 10
    upsample_rates: [8, 5, 3]
    upsample_kernel_sizes: [16, 11, 7]
    istft_params:
        n_fft: 16
        hop_len: 4
    resblock_kernel_sizes: [3, 7, 11]
    resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    source_resblock_kernel_sizes: [7, 7, 11]
    source_resblock_dilation_sizes: [[1, 3, 5], [1, 3, 5], [1, 3, 5]]
    lrelu_slope: 0.1
    audio_limit: 0.99
{look_right}    f0_predictor: !new:cosyvoice.hifigan.f0_predictor.{f0_class}
        num_class: 1
        in_channels: 80
        cond_channels: 32
get_tokenizer: !name:cosyvoice.tokenizer.tokenizer.get_qwen_tokenizer
    token_path: !ref <qwen_pretrain_path>
    skip_special_tokens: True
    version: cosyvoice{generation}
allowed_special: all
feat_extractor: !name:matcha.utils.audio.mel_spectrogram
    n_fft: 1920
    num_mels: 80
    sampling_rate: !ref <sample_rate>
    hop_size: 480
    win_size: 1920
    fmin: 0
    fmax: {fmax}
    center: False
"""

_FLOW_2 = """
flow: !new:cosyvoice.flow.flow.CausalMaskedDiffWithXvec
    input_size: 512
    output_size: 80
    spk_embed_dim: 192
    vocab_size: 6561
    input_frame_rate: 25
    token_mel_ratio: 2
    pre_lookahead_len: 3
    encoder: !new:cosyvoice.transformer.upsample_encoder.UpsampleConformerEncoder
        output_size: 512
        attention_heads: 2
        linear_units: 64
        num_blocks: 1
        input_layer: linear
        pos_enc_layer_type: rel_pos_espnet
        selfattention_layer_type: rel_selfattn
        input_size: 512
        use_cnn_module: False
        macaron_style: False
        static_chunk_size: 25
    decoder: !new:cosyvoice.flow.flow_matching.CausalConditionalCFM
        in_channels: 240
        n_spks: 1
        spk_emb_dim: 80
        cfm_params: *cfm
        estimator: !new:cosyvoice.flow.decoder.CausalConditionalDecoder
            in_channels: 320
            out_channels: 80
            channels: [32]
            dropout: 0.0
            attention_head_dim: 16
            n_blocks: 1
            num_mid_blocks: 1
            num_heads: 2
            act_fn: gelu
            static_chunk_size: 50
            num_decoding_left_chunks: -1
"""

_FLOW_3 = """
flow: !new:cosyvoice.flow.flow.CausalMaskedDiffWithDiT
    input_size: 80
    output_size: 80
    spk_embed_dim: 192
    vocab_size: 6561
    input_frame_rate: 25
    token_mel_ratio: 2
    pre_lookahead_len: 3
    pre_lookahead_layer: !new:cosyvoice.transformer.upsample_encoder.PreLookaheadLayer
        in_channels: 80
        channels: 32
        pre_lookahead_len: 3
    decoder: !new:cosyvoice.flow.flow_matching.CausalConditionalCFM
        in_channels: 240
        n_spks: 1
        spk_emb_dim: 80
        cfm_params: *cfm
        estimator: !new:cosyvoice.flow.DiT.dit.DiT
            dim: 64
            depth: 2
            heads: 2
            dim_head: 32
            ff_mult: 2
            mel_dim: 80
            mu_dim: 80
            spk_dim: 80
            out_channels: 80
            static_chunk_size: 50
            num_decoding_left_chunks: -1
"""


def build(folder: Path, generation: int) -> Path:
    """A model folder for CosyVoice 2 or 3. The repository must be importable."""
    folder.mkdir(parents=True)
    _language_model(folder / "CosyVoice-BlankEN")
    _speaker_encoder(folder / "campplus.onnx")
    _speech_tokenizer(folder / f"speech_tokenizer_v{generation}.onnx")
    causal = generation == 3
    (folder / f"cosyvoice{generation}.yaml").write_text(
        _COMMON.format(
            generation=generation,
            width=_WIDTH,
            speech_tokens=_SPEECH_TOKENS,
            llm_class="CosyVoice3LM" if causal else "Qwen2LM",
            flow=_FLOW_3 if causal else _FLOW_2,
            hift_class="CausalHiFTGenerator" if causal else "HiFTGenerator",
            f0_class="CausalConvRNNF0Predictor" if causal else "ConvRNNF0Predictor",
            look_right="    conv_pre_look_right: 4\n" if causal else "",
            fmax="null" if causal else "8000",
        )
    )
    _weights(folder, generation)
    return folder


def _weights(folder: Path, generation: int) -> None:
    import torch
    from hyperpyyaml import load_hyperpyyaml

    with (folder / f"cosyvoice{generation}.yaml").open() as file:
        made: dict[str, Any] = load_hyperpyyaml(
            file, overrides={"qwen_pretrain_path": str(folder / "CosyVoice-BlankEN")}
        )
    _end_in_time(made["llm"])
    if generation == 3:
        # Louder and softer moments, as speech has, by more than the checks of a deploy ask for.
        made["flow"].decoder.estimator.proj_out.weight.data *= 16
    for part in ("llm", "flow", "hift"):
        torch.save(made[part].state_dict(), folder / f"{part}.pt")


def _end_in_time(llm: Any) -> None:
    """Let the language model end as soon as it may: two speech tokens for each of the text's.

    By chance it would end at once or go on for minutes. The first number of everything it hears
    last is made large, and only "the end" listens to it, and what shall never be said.
    """
    import torch

    with torch.no_grad():
        for embedding in (llm.speech_embedding, getattr(llm, "llm_embedding", None)):
            if embedding is not None:
                embedding.weight[:, 0] = 20
        llm.llm_decoder.weight[:, 0] = 0
        # Beyond "the end" are others that end an utterance, before it may end.
        for kept_away in (list(_SILENT_TOKENS), slice(_SPEECH_TOKENS + 1, None)):
            llm.llm_decoder.weight[kept_away] = 0
            llm.llm_decoder.weight[kept_away, 0] = -20
        llm.llm_decoder.weight[_SPEECH_TOKENS] = 0
        llm.llm_decoder.weight[_SPEECH_TOKENS, 0] = 20


def _language_model(folder: Path) -> None:
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=_PLAIN_TOKENS + 400,
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        # Ten times the usual, so that what stands before the text is heard.
        initializer_range=0.2,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    letters = sorted(ByteLevel.alphabet())
    fillers = (f"filler{number}" for number in range(_PLAIN_TOKENS - len(letters)))
    vocabulary = {token: number for number, token in enumerate((*letters, *fillers))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    added = {
        str(_PLAIN_TOKENS + number): {"content": token, "special": True}
        for number, token in enumerate(special)
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": added})
    )


def _speaker_encoder(path: Path) -> None:
    """Frames × 80 filter banks to 192 numbers: their mean, through a random matrix."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    matrix = np.random.default_rng(1).normal(size=(80, 192)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["feats"], ["mean"], axes=[1], keepdims=0),
            helper.make_node("MatMul", ["mean", "matrix"], ["embedding"]),
        ],
        "speaker",
        [helper.make_tensor_value_info("feats", TensorProto.FLOAT, [1, "frames", 80])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 192])],
        [numpy_helper.from_array(matrix, "matrix")],
    )
    _save(graph, path)


def _speech_tokenizer(path: Path) -> None:
    """128 Mel bands × frames to a token for every four frames: the loudest band."""
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", ["feats"], ["slow"], kernel_shape=[4], strides=[4], ceil_mode=0
            ),
            helper.make_node("ArgMax", ["slow"], ["loudest"], axis=1, keepdims=0),
            # The length is an input of the real model, so it must be one here.
            helper.make_node("Sub", ["feats_length", "feats_length"], ["nothing"]),
            helper.make_node("Cast", ["nothing"], ["zero"], to=TensorProto.INT64),
            helper.make_node("Add", ["loudest", "zero"], ["tokens"]),
        ],
        "tokens",
        [
            helper.make_tensor_value_info("feats", TensorProto.FLOAT, [1, 128, "frames"]),
            helper.make_tensor_value_info("feats_length", TensorProto.INT32, [1]),
        ],
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "tokens"])],
    )
    _save(graph, path)


def _save(graph: Any, path: Path) -> None:
    import onnx
    from onnx import helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _main() -> None:
    from app.audio.torchaudio_import import import_torchaudio

    repository, folder, generation = sys.argv[1:]
    sys.path[:0] = [repository, f"{repository}/third_party/Matcha-TTS"]
    import_torchaudio()
    build(Path(folder), int(generation))


if __name__ == "__main__":
    _main()
