"""From what the inventory calls the app's source to a release: a reproducible archive."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ...model.app import App
from ...model.app_source import INSTALLED, folder_of
from ...model.derived.engine_needs import engine_build, engine_requirements, wanted_extras
from ...model.venv import Venv
from ...resources.artifact import Artifact, ArtifactFile
from ...resources.environment import Environment
from ...roles.release_archive import ReleaseArchive
from .errors import ReleaseError
from .metadata import OwnMetadataError
from .origin import about
from .packing import package_files, packed, version_of
from .requirements import required
from .source import opened

_DIGITS = 12
"""Of a SHA-256: enough for the releases of one cluster."""


@dataclass(frozen=True, slots=True)
class Companions:
    """The artifacts that a release leads to."""

    brought: Mapping[str, tuple[ArtifactFile, ...]] = field(default_factory=dict)
    """The files of each, by its name."""
    on_nodes: Mapping[str, PurePosixPath] = field(default_factory=dict)
    """The path of each that nodes have from elsewhere."""

    def links(self) -> dict[str, str]:
        """Links of a release: where each leads to."""
        brought = {
            name: f"../../../artifacts/{Artifact(name, files).folder}"
            for name, files in self.brought.items()
        }
        both = brought | {name: str(path) for name, path in self.on_nodes.items()}
        return {f"artifacts/{name}": both[name] for name in sorted(both)}


def build_release(app: App, base_dir: Path, artifacts: Companions = Companions()) -> ReleaseArchive:
    """Packs the app's Python package from the source the inventory names, and what its
    environment holds where each release has its own.

    The same source gives the same bytes, and so the same id: ``<version>-<hash>``.
    Raises ``ReleaseError``, and ``SecretError`` where the package index is a secret that cannot
    be had.
    """
    with opened(app, base_dir) as source:
        files = dict(package_files(source.package, source.name))
        needs: dict[str, bytes] = {}
        if app.venv is not None:
            ours = source.name == INSTALLED
            try:
                needs = required(
                    source.root,
                    _with_engine(app, app.venv, ours=ours),
                    builtin=app.source == "builtin",
                    ours=ours,
                )
            except OwnMetadataError as error:
                raise ReleaseError(f"app.source {source.shown}: {error}") from None
        digest, data = packed({**files, **needs}, artifacts.links())
        version = version_of(files.get(f"{folder_of(source.name)}/__init__.py", b""))
        name = f"{version}-{digest[:_DIGITS]}"
        return ReleaseArchive(
            name,
            data,
            about(name, version, source),
            _environment(app, app.venv, needs) if app.venv else None,
            needs,
            artifacts.brought,
        )


def _with_engine(app: App, venv: Venv, *, ours: bool) -> Venv:
    """The environment with what the engine needs; extras are this project's."""
    more = wanted_extras(app) if ours else []
    extras = [*dict.fromkeys([*(venv.extras or []), *more])]
    requirements = [*dict.fromkeys([*venv.requirements, *engine_requirements(app)])]
    return venv.model_copy(update={"extras": extras or None, "requirements": requirements})


def _environment(app: App, venv: Venv, needs: dict[str, bytes]) -> Environment:
    build = engine_build(app)
    highlight = build.title if build and build.torch else ""
    if venv.wheelhouse:
        # The nodes see no index, so its login stays here.
        return Environment(wheels=set_of_wheels(needs), highlight=highlight)
    index = venv.index_url.address() if venv.index_url else None
    return Environment(index_url=index, highlight=highlight)


def set_of_wheels(needs: dict[str, bytes]) -> str:
    """A name for all that these requirements bring in."""
    text = b"\0".join(part for name in sorted(needs) for part in (name.encode(), needs[name]))
    return hashlib.sha256(text).hexdigest()[:16]
