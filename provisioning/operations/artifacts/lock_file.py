"""The lock file beside the inventory: which bytes each artifact is, for everybody who deploys.

It is made by the first fetch and belongs under version control. JSON; keys are only ever added::

    {"version": 1, "artifacts": {NAME: {"source": {…}, "revision": str | null, "files":
        [{"path": str, "size": bytes, "sha256": str, "executable": bool, "url": str | null}]}}}

``source`` is what the inventory said then, without secrets: where it says something else now, the
artifact is fetched anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...durable_file import write_durably
from ...model.artifact import Artifact
from ...resources.artifact import ArtifactFile
from .errors import ArtifactError

_VERSION = 1


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file of an artifact, and its address on the web."""

    file: ArtifactFile
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """An artifact as it was fetched."""

    source: Mapping[str, Any]
    revision: str | None
    """Commit at its hub or repository; None where it has none."""
    files: tuple[LockedFile, ...]

    @property
    def contents(self) -> tuple[ArtifactFile, ...]:
        """Its files alone."""
        return tuple(one.file for one in self.files)


def source_of(artifact: Artifact) -> dict[str, Any]:
    """Return what decides which bytes it is. A path is left out where it is: it may move."""
    said = artifact.model_dump(mode="json", exclude_none=True, exclude={"token", "path"})
    return said if artifact.path is None else {"path": artifact.path.name, **said}


def lock_path(inventory: Path) -> Path:
    """Place of the lock file of an inventory."""
    return inventory.with_suffix(".artifacts.lock")


def read_lock(path: Path) -> dict[str, Locked]:
    """Read it; empty where there is none. Raises ``ArtifactError``."""
    try:
        record = json.loads(path.read_text("utf-8"))
        if record["version"] > _VERSION:
            raise ArtifactError(f"{path}: made by a newer version of this program; use that one")
        return {name: _locked(entry) for name, entry in record["artifacts"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(
            f"{path}: cannot be read ({error or type(error).__name__}); take it from version "
            "control, or remove it and run `cluster artifacts fetch`"
        ) from None
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}; correct its permissions") from None


def _locked(entry: Mapping[str, Any]) -> Locked:
    files = [
        LockedFile(
            ArtifactFile(one["path"], one["size"], one["sha256"], one.get("executable") is True),
            one.get("url"),
        )
        for one in entry["files"]
    ]
    return Locked(entry["source"], entry["revision"], tuple(files))


def write_lock(path: Path, locked: Mapping[str, Locked]) -> None:
    """Write it whole or not at all, and only where it changes. Raises ``ArtifactError``."""
    record = {"version": _VERSION, "artifacts": {n: _record(locked[n]) for n in sorted(locked)}}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    try:
        if path.exists() and path.read_text("utf-8") == text:
            return
        write_durably(path, text)
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be written: {error.strerror}") from None


def _record(locked: Locked) -> dict[str, Any]:
    files = [
        {
            "path": one.file.path,
            "size": one.file.size,
            "sha256": one.file.sha256,
            "executable": one.file.executable,
            "url": one.url,
        }
        for one in locked.files
    ]
    return {"source": dict(locked.source), "revision": locked.revision, "files": files}
