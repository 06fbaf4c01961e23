"""Fetches one commit of a git repository with its submodules. Nodes need no git."""

import configparser
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ...model.app_source import without_login
from .errors import ArtifactError

_PATIENCE = 1800
"""Seconds a git command may take."""
_LOOK = 0.5
"""Seconds between looks at the disk."""
IsFull = Callable[[], bool]
"""Tells whether the disk has no more room."""


def check_out(url: str, commit: str, target: Path, is_full: IsFull) -> None:
    """Put the files of a commit, and those of its submodules, into ``target``.

    What an attempt that was cut had fetched in full stays in there: the repository or some of its
    submodules. Raises ``ArtifactError``.
    """
    git = _Git(without_login(url), target, is_full)
    git.run("init", "--quiet")
    # Addresses of submodules may be relative to it.
    git.run("config", "remote.origin.url", url)
    for lock in target.glob(".git/**/*.lock"):
        # Nobody else is at it; git was killed.
        lock.unlink()
    if not git.tells("cat-file", "-e", f"{commit}^{{commit}}"):
        _fetch(git, url, commit)
    git.run("checkout", "--quiet", "--force", "--detach", commit)
    git.run("submodule", "--quiet", "update", "--init", "--recursive", "--force")
    require_submodules(target, git.shown)


def _fetch(git: "_Git", url: str, commit: str) -> None:
    try:
        git.run("fetch", "--quiet", "--depth", "1", "--", url, commit)
    except ArtifactError:
        if git.was_full:
            raise
        # A server that hands out no single commits: all of it, then.
        every = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        git.run("fetch", "--quiet", "--", url, *every)


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


class _Git:
    """git in one folder; it ends when the disk is full."""

    def __init__(self, shown: str, folder: Path, is_full: IsFull) -> None:
        self.shown, self._folder, self._is_full = shown, folder, is_full
        self.was_full = False

    def tells(self, *arguments: str) -> bool:
        """Run a command that says yes or no."""
        return self._status(arguments)[0] == 0

    def run(self, *arguments: str) -> None:
        """Run a command. Raises ``ArtifactError``."""
        status, errors = self._status(arguments)
        if status != 0:
            self._require_room()
            said = without_login(errors) or "git does not know such a commit"
            raise ArtifactError(f"{self.shown}: {said}; correct git: or commit:")

    def _status(self, arguments: tuple[str, ...]) -> tuple[int, str]:
        # Nobody may be there to be asked for a password.
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            try:
                process = subprocess.Popen(
                    ["git", "-C", str(self._folder), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=environment,
                )
            except FileNotFoundError:
                raise ArtifactError(
                    f"{self.shown}: git is not installed here; install it"
                ) from None
            try:
                status = self._await(process)
            finally:
                process.terminate()
                process.wait()
            errors.seek(0)
            return status, errors.read().strip()

    def _await(self, process: subprocess.Popen[bytes]) -> int:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            try:
                return process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                self._require_room()
        raise ArtifactError(f"{self.shown}: git took more than {_PATIENCE} s; try again")

    def _require_room(self) -> None:
        if self._is_full():
            self.was_full = True
            raise ArtifactError(
                f"{self.shown}: the disk of {self._folder} is full before the repository is "
                "fetched; make room and run this again"
            )
