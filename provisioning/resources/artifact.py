"""Artifacts: folders of big files on a node, kept by content, each beside its other versions."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .backup_name import backup_name
from .base import Change, Handler, Observation, Requirement, UnobservableError
from .output import printed
from .shell_call import quote_call
from .validation import require_path

_PATH = re.compile(r"(?![/ ])(?!.*(?:^|/)\.{1,2}(?:/|$))[^\x00-\x1f\x7f\ud800-\udfff]+(?<![/ ])")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = 16
"""Of a SHA-256: enough for the artifacts of one cluster."""


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an artifact."""

    path: str
    size: int
    """Bytes."""
    sha256: str
    executable: bool = False

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path) or "//" in self.path:
            raise ValueError(f"file {self.path!r}: give a path inside of the artifact")
        if not _SHA256.fullmatch(self.sha256) or self.size < 0:
            raise ValueError(f"file {self.path}: give its SHA-256 and size")

    @property
    def blob(self) -> str:
        """Name of its content where that is kept; files with one content share it."""
        return f"{self.sha256}.x" if self.executable else self.sha256

    @property
    def line(self) -> str:
        """The file in the list that travels to a host."""
        return f"{self.blob} {self.size} {self.path}\n"


def content_id(files: Iterable[ArtifactFile]) -> str:
    """A name for a set of files: paths, contents and whether they can be executed."""
    lines = "".join(sorted(file.line for file in files))
    return hashlib.sha256(lines.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact in one version."""

    name: str
    files: tuple[ArtifactFile, ...] = field(repr=False)

    @property
    def folder(self) -> str:
        """Name of its folder, which stands for its content."""
        return f"{self.name}-{content_id(self.files)}"

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum({file.blob: file.size for file in self.files}.values())

    @property
    def list_of_files(self) -> str:
        """The files, as the functions of the shell take them on standard input."""
        return "".join(file.line for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifacts:
    """``directory``/artifacts holds a folder for each artifact in the version that is wanted: hard
    links to contents in .blobs beside it, which have to be there, for they are brought before.

    Each is put together beside its place and renamed, so it is there whole or not at all. A version
    stays for as long as a release in ``directory``/releases leads to it, and none is ever changed.
    """

    directory: str
    wanted: tuple[Artifact, ...] = ()
    """None where the host stays with a release that it has, which leads to its own."""

    def __post_init__(self) -> None:
        require_path(self.directory)

    @property
    def id(self) -> str:
        # Not by content: a version that is followed by another must not be removed at once.
        return f"artifacts:{self.directory}"

    @property
    def triggers(self) -> tuple[Handler, ...]:
        """Deletes what no release leads to, once all changes of the run were made."""
        return (Handler(f"prune {self.directory}/artifacts", self._prune(), disturbs=False),)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The host has room for what it lacks, so that nothing is sent to a disk too small."""
        if not self.wanted:
            return ()
        folders = [artifact.folder for artifact in self.wanted]
        room = quote_call("room_for_artifacts", self.directory, *folders)
        files = "".join(artifact.list_of_files for artifact in self.wanted)
        return (
            Requirement(
                f"the disk of {self.directory} has room for the artifacts",
                f"{room} <<'LIST'\n{files}LIST",
                f"make room on the disk of {self.directory}, or set app.directory to a larger one",
            ),
        )

    def observe(self) -> str:
        looks = (
            quote_call("look_at_artifact", self.directory, artifact.folder)
            for artifact in self.wanted
        )
        return "\n".join(looks) or ":"

    def compare(self, observation: Observation) -> Change | None:
        states = dict(
            zip(self.wanted, printed(observation).split(), strict=True) if self.wanted else ()
        )
        if foreign := next((one for one, state in states.items() if state == "foreign"), None):
            raise UnobservableError(
                f"{self.directory}/artifacts/{foreign.folder} was not put there by a deploy; "
                "move it away"
            )
        lacking = [artifact for artifact, state in states.items() if state != "complete"]
        return self._change(lacking) if lacking else None

    def _change(self, lacking: list[Artifact]) -> Change:
        record = backup_name(self.id)
        puts = (
            f"{quote_call('put_artifact', record, self.directory, artifact.folder)} <<'LIST'\n"
            f"{artifact.list_of_files}LIST"
            for artifact in lacking
        )
        drops = "\n".join(
            quote_call("drop_artifact", self.directory, artifact.folder) for artifact in lacking
        )
        return Change(
            ", ".join(f"bring {one.folder} ({size_text(one.size)})" for one in lacking),
            apply="\n".join(puts),
            undo=f"if {quote_call('previous_note', record)}; then\n{drops}\nfi\n"
            + quote_call("forget_if_first", record),
        )

    def remove(self) -> str:
        return f"{self._prune()}\n{quote_call('forget', backup_name(self.id))}"

    def _prune(self) -> str:
        return quote_call("prune_artifacts", self.directory)


def size_text(size: int) -> str:
    """Bytes for people, in decimal units."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} bytes"
