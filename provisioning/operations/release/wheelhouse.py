"""Fetches the packages of a release on the control machine, once for each kind of host."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ...facts.host_python import HostPython
from .errors import ReleaseError
from .pip_as_host import pip_as
from .pip_words import reason
from .requirements import FILE
from .wheel_sets import LIST, WheelSets, complete

_KEPT_LINES = 500
"""Of what pip said, for the reason why it failed."""
Tell = Callable[[str], None]
"""Is given each line that pip says."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One package, ready to install."""

    path: Path
    name: str
    version: str
    sha256: str

    @property
    def line(self) -> str:
        """Return the line that pins it, for pip."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


def fetch_wheels(
    needs: Mapping[str, bytes],
    host: HostPython,
    sets: WheelSets,
    index_url: str | None,
    tell: Tell,
) -> list[Wheel]:
    """All packages that the requirements bring in on such a host, kept among ``sets``.

    A complete set that fits is taken as it is. Where an interpreter of the host's version is on
    this machine it builds what has no wheel; otherwise there must be a wheel of everything. Raises
    ``ReleaseError``.
    """
    if (kept := sets.fitting(host)) is not None:
        return wheels_in(kept)
    if not needs:
        raise ReleaseError(
            f"the bundle has no wheels for {host}; make it anew with `cluster bundle create`"
        )
    with sets.making(
        host, lambda: tell(f"wait for another that fetches wheels for {host}")
    ) as folder:
        # Another may have made it while we waited.
        if (kept := sets.fitting(host)) is not None:
            return wheels_in(kept)
        with tempfile.TemporaryDirectory(prefix="cosyvoice-requirements-") as scratch:
            for path, content in needs.items():
                place = Path(scratch) / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            _pip(_command(host, folder, Path(scratch) / FILE), host, index_url, tell)
        complete(folder, [wheel.line for wheel in wheels_in(folder)])
    return wheels_in(sets.folder(host))


def _command(host: HostPython, folder: Path, requirements: Path) -> list[str]:
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    if (same := _same_python(host)) is not None:
        build = ["wheel", "--wheel-dir", str(folder), "--requirement", str(requirements)]
        return [*pip_as(host, same), *build, *quiet]
    version = ".".join(map(str, host.version))
    kind = ["--only-binary", ":all:", "--implementation", "cp", "--python-version", version]
    platforms = [word for tag in host.tags for word in ("--platform", tag)]
    target = ["--dest", str(folder), "--requirement", str(requirements)]
    return [*pip_as(host, sys.executable), "download", *target, *kind, *platforms, *quiet]


def _same_python(host: HostPython) -> str | None:
    """An interpreter of this machine whose wheels fit the host: ours is not newer in glibc."""
    libc, version = platform.libc_ver()
    ours = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if libc != "glibc" or platform.machine() != host.machine or ours > host.glibc:
        return None
    if sys.version_info[:2] == host.version[:2] and sys.implementation.name == "cpython":
        return sys.executable
    found = shutil.which(f"python{host.version[0]}.{host.version[1]}")
    return found if found and _runs(found) else None


def _runs(python: str) -> bool:
    """Tell whether it is an interpreter: pyenv has a program of that name for every version that it
    has anywhere, which may do nothing but say so."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _pip(command: list[str], host: HostPython, index_url: str | None, tell: Tell) -> None:
    environment = {**os.environ}
    if index_url is not None:
        # Not an argument: those are in the list of processes.
        environment["PIP_INDEX_URL"] = index_url
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors="replace",
    ) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                # pip masks passwords itself; this is for what a build says.
                shown = line.rstrip().replace(index_url, "(index)") if index_url else line.rstrip()
                last.append(shown)
                tell(shown)
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode != 0:
        raise ReleaseError(f"app.venv: pip could not fetch packages for {host}: {reason([*last])}")


def wheels_in(folder: Path) -> list[Wheel]:
    """Return the wheels of a folder. Raises ``ReleaseError`` where something else is in it."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(LIST):
            continue
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            raise ReleaseError(f"app.venv: pip fetched {path.name}, which is no wheel") from None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(Wheel(path, name, str(version), digest))
    if not found:
        raise ReleaseError("app.venv: the requirements bring in no package at all")
    return found
