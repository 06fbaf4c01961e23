"""Lexical checks of paths: asking the file system could hang in a dead share."""

import os
from pathlib import Path


def below(path: Path, folder: Path) -> bool:
    """Tell whether ``path``, which anybody may have sent, names something below ``folder``.

    Both are absolute. Nothing is said of links: whoever opens the file looks after those.
    """
    if "\0" in str(path):
        return False
    return folder in Path(os.path.normpath(path)).parents
