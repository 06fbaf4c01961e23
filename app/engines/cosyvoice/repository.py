"""Import the public repository and have it load a model, with what it would get wrong put right.

Its imports are made to work on any torchaudio; its text frontends may not download; its log
lines, which hold what users wrote, and its progress bars are kept out of the node's log.
"""

import contextlib
import fcntl
import functools
import importlib
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from ...audio.decoding import excerpt, survey
from ...audio.resampling import resampled
from ...audio.torchaudio_import import import_torchaudio
from ..interface import EngineUnavailableError
from .built_files import whole_or_not_at_all, with_place_for_built_files
from .configuration import Configuration
from .public_model import PublicModel
from .vllm_registration import register_with_vllm

_LOCK = ".loading"


def load_model(configuration: Configuration) -> tuple[PublicModel, Callable[[int], None]]:
    """The model, and the repository's function that seeds everything.

    Raises ``EngineUnavailableError`` when something cannot be imported or loaded.
    """
    try:
        _check_cuda(configuration)
        module, seed_everything = _imported(configuration.repository)
        if configuration.load_vllm:
            register_with_vllm()
    except ImportError as error:
        raise EngineUnavailableError(
            f"CosyVoice cannot be imported: {error}; install what docs/engines.md names into the "
            f"environment of {sys.executable}"
        ) from error
    try:
        placed = with_place_for_built_files(configuration)
        with _alone(placed), whole_or_not_at_all(placed):
            return cast(PublicModel, module.AutoModel(**_arguments(placed))), seed_everything
    except EngineUnavailableError:
        raise
    except Exception as error:
        raise EngineUnavailableError(
            f"the model in {configuration.model_dir} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error


def _arguments(configuration: Configuration) -> dict[str, Any]:
    # CosyVoice3 has no `load_jit`; a keyword that is given and unknown is a TypeError.
    return {
        "model_dir": str(configuration.model_dir),
        "fp16": configuration.fp16,
        "load_trt": configuration.load_trt,
        "load_vllm": configuration.load_vllm,
    }


def _check_cuda(configuration: Configuration) -> None:
    """The public code switches options off without a GPU, or fails later: say it instead."""
    import torch

    if configuration.needs_cuda and not torch.cuda.is_available():
        raise EngineUnavailableError(
            "COSYVOICE_FP16, COSYVOICE_LOAD_TRT and COSYVOICE_LOAD_VLLM need a GPU, and torch "
            "sees none; leave them out"
        )


def _imported(repository: Path) -> tuple[Any, Callable[[int], None]]:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ[name] = "1"
    for folder in (repository / "third_party/Matcha-TTS", repository):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    import_torchaudio()
    _forbid_downloads()
    logging.getLogger().addFilter(_keep_texts_out)
    module = importlib.import_module("cosyvoice.cli.cosyvoice")
    vars(module)["tqdm"] = _no_progress_bar
    frontend = importlib.import_module("cosyvoice.cli.frontend")
    # torchaudio.load, which it calls, needs yet another package (torchcodec) since 2.9.
    vars(frontend)["load_wav"] = load_wav
    common = importlib.import_module("cosyvoice.utils.common")
    return module, common.set_all_random_seed


def _forbid_downloads() -> None:
    """The text frontend wetext, and AutoModel for a missing folder, ask a model hub."""
    modelscope = importlib.import_module("modelscope")
    local = functools.partial(modelscope.snapshot_download, local_files_only=True)
    setattr(modelscope, "snapshot_download", local)  # noqa: B010


def _no_progress_bar(texts: Iterable[str]) -> Iterable[str]:
    return texts


def _keep_texts_out(record: logging.LogRecord) -> bool:
    """The repository logs on the root logger, which nothing else here does."""
    return record.levelno >= logging.WARNING and not str(record.msg).startswith("synthesis text")


def load_wav(wav: str, target_sr: int, min_sr: int = 16000) -> Any:
    """Replace cosyvoice.utils.file_utils.load_wav: 1 × samples at ``target_sr`` Hz."""
    import torch

    recording = survey(Path(wav), min_sr, "reference")
    samples = excerpt(Path(wav), 0, recording.length, "reference")
    return torch.from_numpy(resampled(samples, recording.rate, target_sr)).unsqueeze(0)


@contextlib.contextmanager
def _alone(configuration: Configuration) -> Iterator[None]:
    """TensorRT and vLLM files are made in the model folder by whoever comes first: one at a time.

    The lock ends with the process that holds it; flock works across nodes on NFS too.
    """
    if not configuration.builds_files:
        yield
        return
    with (configuration.model_dir / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
