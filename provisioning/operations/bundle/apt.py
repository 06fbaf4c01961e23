"""Fetches Debian packages for other machines: apt resolves them here, in folders of its own,
against an empty machine, so that they are enough for the barest host.

apt checks them by the signed lists of the mirror that this machine uses.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...facts.distribution import Distribution
from ..artifacts.store import sha256_of
from .errors import BundleError
from .manifest import Content, Package, Packages

_COMPONENTS = ("main", "universe")
_SUITES = ("", "-updates", "-security")
_INSTALLED = re.compile(r"Inst (\S+?)(?::\S+)? (?:\[[^]]*\] )?\((\S+) ")
"""A line of a simulation: name, version that is there, version that would be."""
_TARGETS = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A place that this machine's apt fetches from."""

    uri: str
    suite: str
    component: str


@dataclass(frozen=True, slots=True)
class FetchedPackages:
    """Packages for one distribution, in a folder here."""

    manifest: Packages
    folder: Path
    """Holds the index, ``Packages``, and every package."""


def fetch_packages(
    wanted: Distribution, names: Iterable[str], folder: Path, tell: Tell
) -> FetchedPackages:
    """Fetch packages with all that they depend on, kept in ``folder``. What is there already is not
    fetched again. Raises ``BundleError``."""
    names = tuple(sorted(set(names)))
    apt = _Apt(wanted, folder)
    apt.prepare(sources_for(wanted, _own_sources(), _own_distribution()))
    tell(f"packages for {wanted}: fetch the lists")
    apt.run("update", "-o", "APT::Update::Error-Mode=any")
    said = apt.run("--simulate", "install", *names)
    chosen = dict(_INSTALLED.findall(said))
    tell(f"packages for {wanted}: fetch {len(chosen)}")
    apt.run("--download-only", "--yes", "install", *names)
    packages, index = _indexed(apt.archives, chosen)
    place = apt.archives / "Packages"
    place.write_text(index, "utf-8")
    content = Content(size=place.stat().st_size, sha256=sha256_of(place))
    return FetchedPackages(
        Packages(
            id=wanted.id,
            codename=wanted.codename,
            architecture=wanted.architecture,
            wanted=names,
            index=content,
            packages=tuple(packages),
        ),
        apt.archives,
    )


def sources_for(wanted: Distribution, ours: Iterable[Source], here: Distribution) -> list[Source]:
    """Sources for a distribution: those that this machine has for it, or, for another release of
    its own distribution, its own with that name. Pure. Raises ``BundleError``."""

    def of(codename: str) -> list[Source]:
        suites = {f"{codename}{end}" for end in _SUITES}
        return [one for one in ours if one.suite in suites and one.component in _COMPONENTS]

    ours = list(ours)
    if found := of(wanted.codename):
        return found
    if wanted.id == here.id and (found := of(here.codename)):
        length = len(here.codename)
        return [
            Source(one.uri, wanted.codename + one.suite[length:], one.component) for one in found
        ]
    raise BundleError(
        f"this machine's apt knows no mirror for {wanted}; add one to /etc/apt/sources.list.d, "
        f"with its key, or make the bundle on a machine with {wanted.id}"
    )


@dataclass(frozen=True, slots=True)
class _Apt:
    """apt with folders of its own."""

    distribution: Distribution
    folder: Path

    @property
    def archives(self) -> Path:
        return self.folder / "archives"

    def prepare(self, sources: Sequence[Source]) -> None:
        for place in (self.folder / "lists" / "partial", self.archives / "partial"):
            place.mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("", "utf-8")
        lines = (f"deb {one.uri} {one.suite} {one.component}\n" for one in sources)
        (self.folder / "sources.list").write_text("".join(lines), "utf-8")

    def run(self, *words: str) -> str:
        """Output of apt-get. Raises ``BundleError``."""
        return _output(["apt-get", "-q", "--no-install-recommends", *self._options(), *words])

    def _options(self) -> list[str]:
        here, architecture = self.folder.absolute(), self.distribution.architecture
        options = {
            "Dir::State": here,
            "Dir::State::lists": here / "lists",
            "Dir::State::status": here / "status",
            "Dir::Cache": here,
            "Dir::Cache::archives": self.archives.absolute(),
            "Dir::Etc::sourcelist": here / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Log": here,
            "APT::Architecture": architecture,
            "APT::Architectures::": architecture,
            # Its own account may not look into this folder; what it fetches is checked.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
        }
        return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _indexed(folder: Path, chosen: dict[str, str]) -> tuple[list[Package], str]:
    """The packages of these names and versions, and their index as apt reads it; older versions
    that lie there go. What has no epoch in its name is a name that needs no quoting."""
    found, stanzas = [], []
    for path in sorted(folder.glob("*.deb")):
        fields = _output(["dpkg-deb", "--field", str(path)])
        said = dict(line.split(": ", 1) for line in fields.splitlines() if _is_field(line))
        name, version = said["Package"], said["Version"]
        if chosen.get(name) != version:
            path.unlink()
            continue
        file = f"{name}_{version.rpartition(':')[2]}_{said['Architecture']}.deb"
        package = Package(
            name=name,
            version=version,
            file=file,
            size=path.stat().st_size,
            sha256=sha256_of(path),
            installed=int(said.get("Installed-Size", "0")) * 1024,
        )
        found.append(package)
        stanzas.append(
            f"{fields.rstrip()}\nFilename: ./{file}\nSize: {package.size}\n"
            f"SHA256: {package.sha256}\n"
        )
    if lacking := chosen.keys() - {one.name for one in found}:
        raise BundleError(f"apt has not fetched {min(lacking)}; run this again")
    return found, "\n".join(stanzas)


def place_of(folder: Path, package: Package) -> Path:
    """Place of a package in the folder that apt keeps it in: with its epoch, in apt's quoting."""
    version = package.version.replace(":", "%3a")
    architecture = package.file.rpartition("_")[2]
    return folder / f"{package.name}_{version}_{architecture}"


def _is_field(line: str) -> bool:
    return ": " in line and not line.startswith((" ", "\t"))


def _own_sources() -> list[Source]:
    said = _output(["apt-get", "indextargets", "--format", _TARGETS, "Created-By: Packages"])
    words = (line.split("|") for line in said.splitlines())
    return list(dict.fromkeys(Source(*each) for each in words if len(each) == 3))


def _own_distribution() -> Distribution:
    try:
        said = platform.freedesktop_os_release()
    except OSError:
        said = {}
    return Distribution(said.get("ID", ""), said.get("VERSION_CODENAME", ""), "")


def _output(command: list[str]) -> str:
    """Output of a program. Raises ``BundleError`` with its last words."""
    if shutil.which(command[0]) is None:
        raise BundleError(
            f"there is no {command[0]} here; make the bundle on a machine with Debian or Ubuntu"
        )
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        # Its words are read.
        env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line[:2] == "E:"]
        reason = "; ".join(said[-2:]) or done.stderr.strip()[-300:] or f"status {done.returncode}"
        raise BundleError(f"{command[0]}: {reason}; does this machine reach its mirror?")
    return done.stdout
