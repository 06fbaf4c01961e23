"""The files of a model, as its hub lists them with sizes and checksums.

Two requests of each hub's public HTTP interface, by hand: the hubs' own libraries bring caches and
programs of theirs (and check sizes alone), and the store here is by content.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ...model.artifact import Artifact
from .download import Wanted, Web
from .errors import ArtifactError

_HUGGINGFACE = "https://huggingface.co"
_MODELSCOPE = "https://www.modelscope.cn"
_NOT_CONTENT = (".gitattributes", ".gitignore")


@dataclass(frozen=True, slots=True)
class Listing:
    """A model in one version."""

    revision: str | None
    files: dict[str, Wanted]
    """By path."""


def listing(artifact: Artifact, web: Web) -> Listing:
    """List a model of a hub. Raises ``ArtifactError``."""
    hub = (artifact.hub or "").rstrip("/")
    try:
        if artifact.huggingface is not None:
            return _huggingface(hub or _HUGGINGFACE, artifact.huggingface, artifact.revision, web)
        return _modelscope(
            hub or _MODELSCOPE, artifact.modelscope or "", artifact.revision or "master", web
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"{artifact.shown}: the hub's list of files cannot be understood "
            f"({type(error).__name__}: {error}); correct hub:"
        ) from None


def _huggingface(hub: str, model: str, revision: str | None, web: Web) -> Listing:
    said = web.json(f"{hub}/api/models/{model}/revision/{quote(revision or 'main', '')}?blobs=true")
    commit = str(said["sha"])
    files = {}
    for one in said["siblings"]:
        path, lfs = str(one["rfilename"]), one.get("lfs") or {}
        files[path] = Wanted(
            f"{hub}/{model}/resolve/{commit}/{quote(path)}",
            lfs.get("sha256"),
            lfs.get("size", one.get("size")),
            None if lfs else one.get("blobId"),
        )
    return Listing(commit, _content(model, files))


def _modelscope(hub: str, model: str, revision: str, web: Web) -> Listing:
    start = f"{hub}/api/v1/models/{model}/repo"
    asked = urlencode({"Revision": revision, "Recursive": "true"})
    said = web.json(f"{start}/files?{asked}")
    entries: list[dict[str, Any]] = said["Data"]["Files"]
    files = {
        str(one["Path"]): Wanted(
            f"{start}?{urlencode({'Revision': revision, 'FilePath': one['Path']})}",
            one.get("Sha256") or None,
            int(one["Size"]),
        )
        for one in entries
        if one.get("Type", "blob") != "tree"
    }
    return Listing(revision, _content(model, files))


def _content(model: str, files: dict[str, Wanted]) -> dict[str, Wanted]:
    kept = {path: one for path, one in files.items() if path not in _NOT_CONTENT}
    if not kept:
        raise ArtifactError(f"{model}: the hub lists no files; correct the id or revision")
    return kept
