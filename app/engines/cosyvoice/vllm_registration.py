"""vLLM and the public code's language model, made known to each other.

The public classes leave it to their caller (vllm_example.py). The engine core runs in this process:
in one of its own it would know nothing of what is registered here, and outlive a worker that is
killed.
"""

import importlib
import os

_ARCHITECTURE = "CosyVoice2ForCausalLM"
_OWN_PROCESS = "VLLM_ENABLE_V1_MULTIPROCESSING"
"""Of vllm/envs.py; read when the engine is made."""


def register_with_vllm() -> None:
    """Register the model by the name that exported weights have. Raises ImportError."""
    os.environ.setdefault(_OWN_PROCESS, "0")
    vllm = importlib.import_module("vllm")
    model = importlib.import_module("cosyvoice.vllm.cosyvoice2")
    vllm.ModelRegistry.register_model(_ARCHITECTURE, getattr(model, _ARCHITECTURE))
