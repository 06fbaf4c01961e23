"""The choice of whether to use colour."""

import os


def colour() -> bool | None:
    """False where the environment wants none (NO_COLOR, TERM=dumb); else what is written to says
    so: None."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None
