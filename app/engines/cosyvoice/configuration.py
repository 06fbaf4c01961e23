"""Settings from environment variables: folders of repository and weights, and how to run the model.

Nothing is ever downloaded: what is missing is named, with what to do about it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..interface import EngineUnavailableError
from .generation import Generation

REPOSITORY = "COSYVOICE_REPOSITORY"
MODEL_DIR = "COSYVOICE_MODEL_DIR"
_SWITCHES = {"": False, "0": False, "false": False, "off": False, "no": False}
_SWITCHES |= {"1": True, "true": True, "on": True, "yes": True}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Checked: every folder and file named here was there."""

    repository: Path
    """A checkout of the public repository, with its submodule."""
    model_dir: Path
    fp16: bool
    load_trt: bool
    """TensorRT for the flow decoder."""
    load_vllm: bool
    """vLLM for the language model."""

    @property
    def needs_cuda(self) -> bool:
        """Tell whether a setting asks for something that the public code leaves out without a
        GPU."""
        return self.fp16 or self.load_trt or self.load_vllm

    @property
    def builds_files(self) -> bool:
        """Tell whether a setting makes files beside the weights when the model is loaded first."""
        return self.load_trt or self.load_vllm

    @property
    def example_clip(self) -> Path:
        """A recording the repository ships, and its words in ``EXAMPLE_WORDS``."""
        return self.repository / "asset/zero_shot_prompt.wav"


EXAMPLE_WORDS = "希望你以后能够做的比我还好呦。"


def read_configuration(
    generation: Generation, environment: Mapping[str, str] = os.environ
) -> Configuration:
    """The configuration of this process. Raises ``EngineUnavailableError`` with what is missing.

    Looks at names only: cheap enough for the web process, and imports nothing.
    """
    engine = generation.name
    for module in ("torch", "torchaudio"):
        if find_spec(module) is None:
            raise EngineUnavailableError(
                f"engine {engine} needs the Python package {module}; see docs/engines.md"
            )
    configuration = Configuration(
        repository=_folder(REPOSITORY, "a checkout of FunAudioLLM/CosyVoice", engine, environment),
        model_dir=_folder(MODEL_DIR, "the folder of the model's weights", engine, environment),
        fp16=_switch("COSYVOICE_FP16", environment),
        load_trt=_switch("COSYVOICE_LOAD_TRT", environment),
        load_vllm=_switch("COSYVOICE_LOAD_VLLM", environment),
    )
    _check_repository(configuration)
    _check_model(configuration.model_dir, generation)
    return configuration


def _folder(name: str, what: str, engine: str, environment: Mapping[str, str]) -> Path:
    value = environment.get(name, "")
    if not value:
        raise EngineUnavailableError(f"engine {engine} needs {name}: {what}; see docs/engines.md")
    folder = Path(value).absolute()
    if not folder.is_dir():
        raise EngineUnavailableError(f"{name}: there is no folder {folder}; it must be {what}")
    return folder


def _switch(name: str, environment: Mapping[str, str]) -> bool:
    value = environment.get(name, "")
    try:
        return _SWITCHES[value.strip().lower()]
    except KeyError:
        raise EngineUnavailableError(f"{name} is {value!r}; it may be 1 or 0") from None


def _check_repository(configuration: Configuration) -> None:
    folder = configuration.repository
    if not (folder / "cosyvoice/cli/cosyvoice.py").is_file():
        raise EngineUnavailableError(
            f"{REPOSITORY}: {folder} is not a checkout of FunAudioLLM/CosyVoice: it has no "
            "cosyvoice/cli/cosyvoice.py"
        )
    if not (folder / "third_party/Matcha-TTS/matcha").is_dir():
        raise EngineUnavailableError(
            f"{REPOSITORY}: the submodule third_party/Matcha-TTS is empty; run "
            f"git -C {folder} submodule update --init --recursive"
        )
    if not configuration.example_clip.is_file():
        raise EngineUnavailableError(
            f"{REPOSITORY}: {configuration.example_clip} is missing; every worker speaks its "
            f"first words in that voice; run git -C {folder} checkout asset"
        )


def _check_model(folder: Path, generation: Generation) -> None:
    missing = [name for name in generation.files if not (folder / name).exists()]
    if missing:
        raise EngineUnavailableError(
            f"{MODEL_DIR}: {folder} is not a complete {generation.title} model, it lacks "
            f"{', '.join(missing)}; download it again"
        )
