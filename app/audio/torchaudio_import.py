"""``import torchaudio`` that also works where torch was built without CUDA.

torchaudio's wheels hold one compiled extension, linked against libtorch_cuda. On a CPU-only torch
the import ends in an OSError from the dynamic loader, though all that is needed of torchaudio
here and in CosyVoice (resampling, filter banks, spectrograms) is written in Python. torchaudio has
a word for "no extension", ``_IS_TORCHAUDIO_EXT_AVAILABLE``, but sets it only when the file is
missing; this module says it in its place. Where the extension loads, nothing is changed, and
where torch has CUDA a failure stays one: there it means a broken installation.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

_EXTENSION = "torchaudio._extension"


def import_torchaudio() -> ModuleType:
    """The module torchaudio. Raises ImportError where torch or torchaudio is missing, OSError."""
    import torch

    try:
        return importlib.import_module("torchaudio")
    except OSError:
        if torch.version.cuda is not None:
            raise
    sys.modules[_EXTENSION] = _no_extension()
    try:
        return importlib.import_module("torchaudio")
    except BaseException:
        del sys.modules[_EXTENSION]
        raise


def _no_extension() -> ModuleType:
    """Stand in for torchaudio's own module where it has no extension."""
    module = ModuleType(_EXTENSION, "No compiled extension: torch has no CUDA.")
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        _check_cuda_version=lambda: None,
        _load_lib=lambda _name: False,
        fail_if_no_align=_unavailable,
    )
    return module


def _unavailable(function: Callable[..., object]) -> Callable[..., NoReturn]:
    def fail(*_arguments: object, **_named: object) -> NoReturn:
        raise RuntimeError(f"{function.__name__} needs a torchaudio that matches torch")

    return fail
