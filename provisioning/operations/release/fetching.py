"""Fetches one commit with git."""

import os
import re
import subprocess
from pathlib import Path

from ...model.app_source import without_login
from .errors import ReleaseError

_PATIENCE = 300
"""Seconds a git command may take."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def fetch(url: str, ref: str | None, target: Path) -> str:
    """Puts the files of ``ref`` (a tag, branch or commit; absent is the default branch) into
    ``target``, a new folder; the full id of the commit. Raises ``ReleaseError``."""
    shown = without_login(url)
    _git(shown, ["init", "--quiet", str(target)])
    inside = ["-C", str(target)]
    try:
        _git(shown, [*inside, "fetch", "--quiet", "--depth", "1", "--", url, ref or "HEAD"])
        wanted = "FETCH_HEAD"
    except ReleaseError:
        if ref is None or not _COMMIT.fullmatch(ref):
            raise
        # A short id, or a server that hands out no single commits: all of it, then.
        everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
        _git(shown, [*inside, "fetch", "--quiet", "--", url, *everything])
        wanted = ref
    commit = _git(shown, [*inside, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}"])
    _git(shown, [*inside, "checkout", "--quiet", "--detach", commit])
    return commit


def _git(shown: str, arguments: list[str]) -> str:
    # Nobody may be there to be asked for a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
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
        raise ReleaseError("app.source is a git URL, and git is not installed here") from None
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"app.source {shown}: git took more than {_PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        said = without_login(error.stderr.strip()) or "git does not know such a commit"
        raise ReleaseError(f"app.source {shown}: {said}") from None
    return done.stdout.strip()
