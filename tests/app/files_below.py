"""Files in folders in which a node works meanwhile."""

import os
from pathlib import Path


def files_below(*folders: Path) -> list[Path]:
    """All files. A folder that goes while it is looked for is none, where `Path.rglob` raises."""
    return [
        Path(place) / name
        for folder in folders
        for place, _, names in os.walk(folder)
        for name in names
    ]
