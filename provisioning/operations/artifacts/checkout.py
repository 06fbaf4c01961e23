"""Fetches one commit of a git repository with its submodules. Nodes need no git."""

import configparser
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ...model.app_source import without_login
from .errors import ArtifactError

_PATIENCE = 1800
"""Seconds a git command may take."""


def check_out(url: str, commit: str, target: Path) -> None:
    """Put the files of a commit, and those of its submodules, into ``target``. Raises
    ``ArtifactError``."""
    shown = without_login(url)
    _git(shown, ["init", "--quiet", str(target)])
    inside = ["-C", str(target)]
    _git(shown, [*inside, "remote", "add", "origin", url])
    try:
        _git(shown, [*inside, "fetch", "--quiet", "--depth", "1", "origin", commit])
    except ArtifactError:
        # A server that hands out no single commits: all of it, then.
        _git(shown, [*inside, "fetch", "--quiet", "--tags", "origin"])
    _git(shown, [*inside, "checkout", "--quiet", "--detach", commit])
    _git(shown, [*inside, "submodule", "--quiet", "update", "--init", "--recursive"])
    require_submodules(target, shown)


def require_submodules(folder: Path, shown: str) -> None:
    """Raise ``ArtifactError`` where a repository lacks what it takes from others."""
    for path in _submodules(folder):
        place = folder / path
        if not place.is_dir() or not any(place.iterdir()):
            raise ArtifactError(
                f"{shown}: its submodule {path} is missing; run `git submodule update --init "
                "--recursive` there, or write git: and commit: instead of path:"
            )


def _submodules(folder: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        text = (folder / ".gitmodules").read_text("utf-8", "replace")
        # git indents its keys, which means another thing here.
        parser.read_string("\n".join(line.strip() for line in text.splitlines()))
    except (OSError, configparser.Error):
        return
    for section in parser.sections():
        if path := parser.get(section, "path", fallback=""):
            yield path


def _git(shown: str, arguments: list[str]) -> None:
    # Nobody may be there to be asked for a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        subprocess.run(
            ["git", *arguments],
            check=True,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
            env=environment,
        )
    except FileNotFoundError:
        raise ArtifactError(f"{shown}: git is not installed here; install it") from None
    except subprocess.TimeoutExpired:
        raise ArtifactError(f"{shown}: git took more than {_PATIENCE} s; try again") from None
    except subprocess.CalledProcessError as error:
        said = without_login(error.stderr.strip()) or "git does not know such a commit"
        raise ArtifactError(f"{shown}: {said}; correct git: or commit:") from None
