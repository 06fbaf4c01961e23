"""Processes that a shell script makes: counted, as time depends on what else a machine does."""

import subprocess
from pathlib import Path

import pytest

_INSIDE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "sh", "-c"]


def processes(script: Path) -> int:
    """Number of processes that a script starts beside its own shell: in a space of its own the
    kernel numbers them from 1. The script's output is beside it, in ``SCRIPT.said``."""
    command = f"sh {script} > {script}.said 2>&1; sh -c 'echo $$'"
    done = subprocess.run([*_INSIDE, command], capture_output=True, text=True, check=False)
    if not done.stdout:
        pytest.skip(f"no process space of its own: {done.stderr}")
    # Not counted: the shell around both, the script's, and the one that tells its number.
    return int(done.stdout) - 3
