"""Needs and settings of engines, as each declares them in ``NAME.toml`` beside its code.

Those that come with the app are read from it, those of other packages from the package, where it is
installed beside this program. No engine is imported.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from ..companions import companion
from ..errors import ClusterError
from .artifact import Artifact
from .base import Part

ENGINES = "cosyvoice.engines"
"""Group of the entry points that announce engines."""
AUTO = "auto"
"""Name by which the app chooses."""
CPU = "cpu"
"""Build for nodes without a GPU."""


class DeclarationError(ClusterError):
    """An engine's declaration cannot be read; the message names file and key."""


class NeededArtifact(Part):
    """A folder that an engine needs on a node."""

    about: str
    """Words for it, behind "needs"."""
    variable: str
    """Environment variable by which the engine finds it."""
    files: list[str] = []
    """Files and folders that must be in it."""
    default: Artifact | None = None
    """Artifact where the inventory names none."""
    examples: list[str] = []
    """Artifacts to advise where there is no default, as the inventory has them."""


class Setting(Part):
    """A setting of an engine."""

    variable: str
    """Environment variable that has it."""
    gpu: bool = False
    """True if it cannot be used without a GPU."""
    files: dict[str, list[str]] = {}
    """Files that must be in artifacts as well, by the artifact's name."""
    most_jobs_per_gpu: int | None = None


class Build(Part):
    """Python packages that go together, for one version of CUDA or none."""

    extra: str
    """Extra of the app's own metadata."""
    settings: dict[str, str] = {}
    """Extras that settings need besides; a setting that stands not here needs none."""
    torch: str = ""
    """Version of torch in it."""
    cuda: str = ""
    """Version of CUDA that torch is built for."""
    driver: int = 0
    """Oldest branch of NVIDIA's driver that runs it."""
    capability: float = 0
    """Least compute capability that it has code for."""

    @property
    def title(self) -> str:
        """Torch and CUDA, for people."""
        return f"torch {self.torch} for {f'CUDA {self.cuda}' if self.cuda else 'the CPU'}"


class Together(Part):
    """Settings that should not be on at the same time."""

    settings: list[str]
    says: str
    fix: str


class Declaration(Part):
    """All that is to be known of an engine without running it."""

    packages: list[str] = []
    """Import names of the Python packages that it needs beyond the app's own."""
    extra: str = ""
    """Extra of the app's own metadata that has them, where there are no builds."""
    memory: float | None = None
    """GB of a GPU's memory that each job takes at least; absent where it needs none."""
    recordings: bool = False
    """True if it speaks with voices of recordings, which all nodes have to see."""
    start: int = 0
    """Seconds that it may take to be ready where that is longer than most need."""
    writes: dict[str, str] = {}
    """Folders of the account's own that it writes to, by the environment variable that tells it of
    each; relative to the node's state folder."""
    artifacts: dict[str, NeededArtifact] = {}
    settings: dict[str, Setting] = {}
    builds: dict[str, Build] = {}
    """By CUDA's major version, the oldest first, or ``cpu``."""
    together: list[Together] = []

    @property
    def for_gpus(self) -> bool:
        """Tell whether it is made for GPUs."""
        return self.memory is not None


@cache
def declaration(engine: str | None) -> Declaration | None:
    """Declaration of an engine (None: the app's choice); None where nothing here tells of it.

    Raises ``DeclarationError``.
    """
    name = f"{engine or AUTO}.toml"
    for file in _files(resources.files(companion("app")) / "engines"):
        if file.name == name:
            return _read(file)
    return next((_read(file) for file in _announced_files(name)), None)


def comes_with_app(engine: str | None) -> bool:
    """Tell whether the app has the engine by itself."""
    return (engine or AUTO) in (*engine_names(), AUTO)


def declared_packages(engine: str | None) -> tuple[str, ...] | None:
    """Import names of the packages of an engine that comes with the app; None of any other."""
    declared = declaration(engine) if comes_with_app(engine) else None
    return None if declared is None else tuple(declared.packages)


@cache
def engine_names() -> list[str]:
    """Return the names of the engines that come with the app, sorted."""
    files = _files(resources.files(companion("app")) / "engines")
    names = {file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")}
    return sorted(names - {AUTO})


def announced_names() -> list[str]:
    """Return the names of the engines of other packages that are installed beside this program."""
    return sorted({point.name for point in _announced()})


def _announced() -> Iterator[EntryPoint]:
    yield from entry_points(group=ENGINES)


def _announced_files(name: str) -> Iterator[Path]:
    for point in _announced():
        if f"{point.name}.toml" == name and point.dist is not None:
            for file in point.dist.files or ():
                if file.name == name:
                    yield Path(str(file.locate()))


def _read(file: Traversable | Path) -> Declaration:
    try:
        return Declaration.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        said = str(error).splitlines()
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False)[0]
            said = [f"{'.'.join(map(str, first['loc']))}: {first['msg']}"]
        raise DeclarationError(
            f"{file}: the engine's declaration cannot be read: {said[0]}; tell its author, or use "
            "another version of its package"
        ) from None


def _files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry
