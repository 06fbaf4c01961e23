"""The manifest of a bundle: the first file in it, with size and SHA-256 of every other. Pure.

JSON; keys are only ever added. Places in the bundle are made from its values, whose forms are
checked, and never taken from it.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ...facts.distribution import Distribution
from ...resources.artifact import ArtifactFile
from ..artifacts.lock_file import Locked, LockedFile

FORMAT = 1
MANIFEST, CHECKSUM, RELEASE = "bundle.json", "bundle.json.sha256", "release.tar.gz"

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
_Size = Annotated[int, Field(ge=0)]
_Word = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]*$", max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Content(_Part):
    """A file of the bundle."""

    size: _Size
    sha256: _Sha256


class Package(Content):
    """A Debian package."""

    name: _Word
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+:~-]+$")]
    file: Annotated[str, Field(pattern=r"^[a-z0-9][A-Za-z0-9.+~_-]*\.deb$")]
    installed: _Size
    """Bytes it takes once it is installed."""


class Packages(_Part):
    """Packages for one distribution, with all that they depend on."""

    id: _Word
    codename: _Word
    architecture: _Word
    wanted: tuple[_Word, ...]
    """Those that the cluster's hosts ask for."""
    index: Content
    packages: tuple[Package, ...]

    @property
    def distribution(self) -> Distribution:
        """The distribution."""
        return Distribution(self.id, self.codename, self.architecture)

    def place(self, file: str) -> str:
        """Place of one of its files in the bundle."""
        return f"packages/{self.distribution}/{file}"


class Wheel(Content):
    """A Python package."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl$")]
    unpacked: _Size


class Wheels(_Part):
    """The packages of the release's environment for one kind of Python."""

    python: Annotated[
        str, Field(pattern=r"^py[0-9]+\.[0-9]+(\.[0-9]+)?-[a-z0-9_]+-glibc[0-9]+\.[0-9]+$")
    ]
    """As ``HostPython`` is written. It fits later releases of that Python too; bundles of older
    programs name none."""
    wheels: tuple[Wheel, ...]

    def place(self, file: str) -> str:
        """Place of one of its files in the bundle."""
        return f"wheels/{self.python}/{file}"


class Release(Content):
    """The release of the app."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
    about: Annotated[str, Field(pattern=r"^[^\n\r\x00]*$")]
    wheels: Annotated[str, Field(pattern=r"^[0-9a-f]{12,64}$")] | None
    """Name of the set of wheels; None where it has no environment of its own."""
    highlight: str


class LockedContent(Content):
    """A file of an artifact."""

    path: str
    executable: bool
    url: str | None


class BundledArtifact(_Part):
    """An artifact, as the lock file of artifacts says it."""

    source: dict[str, Any]
    revision: str | None
    files: tuple[LockedContent, ...]

    @property
    def locked(self) -> Locked:
        """The entry of the lock file. Raises ``ValueError``."""
        files = tuple(
            LockedFile(ArtifactFile(one.path, one.size, one.sha256, one.executable), one.url)
            for one in self.files
        )
        return Locked(self.source, self.revision, files)


class Manifest(_Part):
    """All that is said of a bundle."""

    version: int
    made: str
    """Time (ISO 8601, UTC)."""
    by: str
    cluster: str
    wanted: dict[str, Any]
    """The settings of the inventory that decide what is in it."""
    release: Release
    distributions: tuple[Packages, ...]
    pythons: tuple[Wheels, ...]
    artifacts: dict[_Name, BundledArtifact]

    def contents(self) -> Iterator[tuple[str, Content]]:
        """Place and content of every file but the manifest, in the order in which they lie."""
        yield RELEASE, self.release
        for one in self.distributions:
            yield one.place("Packages"), one.index
            yield from ((one.place(package.file), package) for package in one.packages)
        for kind in self.pythons:
            yield from ((kind.place(wheel.file), wheel) for wheel in kind.wheels)
        seen = set()
        for artifact in self.artifacts.values():
            for file in artifact.files:
                if file.sha256 not in seen:
                    seen.add(file.sha256)
                    yield f"artifacts/{file.sha256}", file
