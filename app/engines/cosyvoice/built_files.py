"""A place for what is built from the weights for a machine's cards, where their folder may not be
written: artifacts belong to root, and are the same on every node."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..interface import EngineUnavailableError
from .configuration import MODEL_DIR, Configuration

BUILD_DIR = "COSYVOICE_BUILD_DIR"
_SOURCE = ".source"
"""Link to the weights that a folder is for."""
_WHOLE = ".whole"
"""There while all that is built in a folder can be trusted."""
_BUILDERS = ("tensorrt-cu12", "tensorrt-cu13", "vllm")
"""Packages whose files another version of them does not read."""


def with_place_for_built_files(
    configuration: Configuration, environment: Mapping[str, str] = os.environ
) -> Configuration:
    """The configuration, with a model folder in which TensorRT's and vLLM's files can be made.

    Where its own cannot be written, that is one of links to it in ``COSYVOICE_BUILD_DIR``, for
    these weights and these versions alone. Raises ``EngineUnavailableError``.
    """
    model = configuration.model_dir
    if not configuration.builds_files or os.access(model, os.W_OK):
        return configuration
    place = environment.get(BUILD_DIR, "")
    if not place:
        raise EngineUnavailableError(
            f"{MODEL_DIR}: {model} cannot be written, and TensorRT and vLLM make files of their "
            f"own beside the weights; set {BUILD_DIR} to a folder on a local disk that can"
        )
    try:
        return replace(configuration, model_dir=_linked(model.resolve(), Path(place)))
    except OSError as error:
        raise EngineUnavailableError(
            f"{BUILD_DIR}: {error.filename or place}: {error.strerror}"
        ) from error


@contextlib.contextmanager
def whole_or_not_at_all(configuration: Configuration) -> Iterator[None]:
    """Load the model in the block, alone. What a worker that was killed has left half built in a
    folder of ours is deleted first: the public code takes whatever is there."""
    folder = configuration.model_dir
    if not (folder / _SOURCE).is_symlink():
        yield
        return
    whole = folder / _WHOLE
    if not whole.exists():
        _clear(folder)
    if not all((folder / name).exists() for name in _built(configuration)):
        whole.unlink(missing_ok=True)
    yield
    whole.touch()


def _built(configuration: Configuration) -> Iterator[str]:
    """Files that the public code makes (load_trt and load_vllm in cosyvoice/cli/model.py)."""
    if configuration.load_trt:
        precision = "fp16" if configuration.fp16 else "fp32"
        yield f"flow.decoder.estimator.{precision}.mygpu.plan"
    if configuration.load_vllm:
        yield "vllm"


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_symlink() or path.name.startswith("."):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _linked(model: Path, place: Path) -> Path:
    versions = [f"{name} {_version(name)}" for name in _BUILDERS]
    key = hashlib.sha256("\n".join([str(model), *versions]).encode()).hexdigest()[:16]
    folder = place / key
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*model.iterdir(), model):
        link = folder / (_SOURCE if path == model else path.name)
        # Workers start at the same time.
        with contextlib.suppress(FileExistsError):
            link.symlink_to(path)
    _drop_orphans(place, folder)
    return folder


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _drop_orphans(place: Path, kept: Path) -> None:
    """Delete what was made from weights that are gone."""
    for folder in place.iterdir():
        source = folder / _SOURCE
        if folder != kept and source.is_symlink() and not source.exists():
            shutil.rmtree(folder, ignore_errors=True)
