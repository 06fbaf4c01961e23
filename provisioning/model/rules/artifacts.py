"""Rules for artifacts, and for what refers to them."""

from collections.abc import Iterator
from difflib import get_close_matches

from ..artifact import REFERENCE, Artifact
from ..derived.engine_needs import artifacts_of
from ..hosts import Variable
from ..key_path import KeyPath
from ..paths import is_dir, is_file
from .finding import Context, Finding, warning


def references(context: Context) -> Iterator[Finding]:
    """Environment variables name artifacts that there are."""
    inventory = context.inventory
    yield from _unknown(context, ("app", "environment"), inventory.app.environment)
    for name, host in inventory.real_servers.hosts.items():
        yield from _unknown(
            context, ("real_servers", "hosts", name, "environment"), host.environment
        )


def _unknown(context: Context, path: KeyPath, values: dict[str, Variable]) -> Iterator[Finding]:
    known = list(artifacts_of(context.inventory))
    for key, value in values.items():
        for name in REFERENCE.findall(str(value)):
            if name in known:
                continue
            near = get_close_matches(name, known, 1)
            yield Finding(
                (*path, key),
                f"there is no artifact {name!r}",
                f"write ${{artifacts.{near[0]}}}" if near else "add it under artifacts:",
                allowed=", ".join(known),
                also=(("artifacts",),),
            )


def local_paths(context: Context) -> Iterator[Finding]:
    """A folder or file on the control machine that is there."""
    for place, artifact in _written(context):
        path = artifact.path
        if path is not None and not is_dir(path) and not is_file(path):
            yield Finding(
                (*place, "path"),
                f"there is no file or folder {path}",
                "make it, or correct it: relative paths start at the inventory's folder",
            )
        elif path is not None and artifact.sha256 is not None and is_dir(path):
            yield Finding(
                (*place, "sha256"),
                "a folder has no checksum",
                "remove it; each file's own is written down when it is fetched",
                also=((*place, "path"),),
            )


def pinned(context: Context) -> Iterator[Finding]:
    """Nothing is left to whatever is newest at the first fetch."""
    for place, artifact in _written(context):
        if artifact.kind in ("huggingface", "modelscope") and artifact.revision is None:
            yield warning(
                (*place, artifact.kind),
                "without revision, the first fetch decides which version it is",
                "add revision: with a commit or a tag",
                None,
                (*place, "revision"),
            )
        elif artifact.url is not None and artifact.sha256 is None:
            yield warning(
                (*place, "url"),
                "without sha256, whatever the first fetch gets is taken for right",
                "add sha256: with the checksum that its author publishes",
                None,
                (*place, "sha256"),
            )


def _written(context: Context) -> Iterator[tuple[KeyPath, Artifact]]:
    """Artifacts of the file, with their places in it."""
    for name, artifact in context.inventory.artifacts.items():
        yield ("artifacts", name), artifact
    if engine := context.inventory.app.engine:
        for key, artifact in engine.given_artifacts.items():
            further = ("artifacts",) if key in engine.artifacts else ()
            yield ("app", "engine", *further, key), artifact
