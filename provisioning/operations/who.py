"""Who works on the cluster."""

import getpass
import os
import platform


def who() -> str:
    """``user@machine``; through sudo, the user who called it."""
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{name}@{platform.node()}"
