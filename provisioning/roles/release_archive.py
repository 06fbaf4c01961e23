"""The app, packed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..resources.artifact import ArtifactFile
from ..resources.environment import Environment


@dataclass(frozen=True, slots=True)
class ReleaseArchive:
    """A gzipped tar that holds the app's Python package, under an id made from its content."""

    id: str
    data: bytes = field(repr=False)
    about: str = ""
    """Its origin: a JSON object in one line; ``provisioning.operations.release.origin`` has its
    keys."""
    environment: Environment | None = None
    """The environment it gets, where the inventory asks for one of its own."""
    needs: Mapping[str, bytes] = field(default_factory=dict)
    """The contents of that environment: requirements.txt and what it names; in the archive too."""
    artifacts: Mapping[str, tuple[ArtifactFile, ...]] = field(default_factory=dict)
    """The files of each artifact that the release leads to, by name: its ``artifacts/NAME`` is a
    link to the version it was made with, so that going back goes back to that one too."""
