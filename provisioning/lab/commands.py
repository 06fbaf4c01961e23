"""Running the host's programs: argument lists, a plain environment, errors a person can read."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Root's PATH is often without the sbin folders, where ip and sshd lie."""
ENVIRONMENT = {"PATH": SEARCH_PATH, "LC_ALL": "C.UTF-8"}


def run(argv: Sequence[str | Path], text: str = "") -> str:
    """Run a program with ``text`` as its input and return its output.

    Raises LabError with what the program said if it fails.
    """
    done = subprocess.run(
        [str(word) for word in argv],
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").replace("\n", "\n  ")
        command = " ".join(map(str, argv))
        raise LabError(f"`{command}` failed with status {done.returncode} and said:\n  {said}")
    return done.stdout
