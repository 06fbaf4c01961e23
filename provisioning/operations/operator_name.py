"""Who works on the cluster."""

import getpass
import os
import platform


def operator_name() -> str:
    """``user@machine``; through sudo, the user who called it."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a user that nobody wrote down.
        name = str(os.getuid())
    return f"{name}@{platform.node()}"
