"""Name of the operator, as ``user@host``."""

import getpass
import os
import platform


def operator_name() -> str:
    """Compute ``user@machine``; under sudo, with the user who called it."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user that nobody wrote down.
        name = str(os.getuid())
    return f"{name}@{platform.node()}"
