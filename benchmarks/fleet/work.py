"""The same work for all contenders: folders and files of a host."""

from pathlib import Path

from benchmarks.fleet.hosts import WORK

FOLDERS = tuple(f"{WORK}/fleet/{name}" for name in ("etc", "lib"))
FILES = {
    f"{WORK}/fleet/etc/file{number:02}": "".join(
        f"setting{line} of {number} = {line * number}\n" for line in range(40)
    )
    for number in range(1, 21)
}
"""Path and content: about a kilobyte, as a unit or a drop-in has."""


def write_sources(folder: Path) -> dict[str, Path]:
    """The files here, for those who copy files; by their path on a host."""
    folder.mkdir()
    found = {}
    for path, content in FILES.items():
        found[path] = folder / Path(path).name
        found[path].write_text(content)
    return found
