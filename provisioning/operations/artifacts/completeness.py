"""An artifact has the files that it is there for. Pure."""

from collections.abc import Iterable

from .errors import ArtifactError


def require_files(paths: Iterable[str], needed: Iterable[str]) -> None:
    """Raise ``ArtifactError`` unless all files and folders that are needed are among the paths."""
    there = [*paths]
    lacking = [one for one in needed if not any(p == one or p.startswith(f"{one}/") for p in there)]
    if lacking:
        raise ArtifactError(
            f"there is no {', no '.join(lacking)} in it, which the engine needs; correct its "
            "source in app.engine, or take a whole copy: weights of the engine's own generation, a "
            "repository with its submodules"
        )
