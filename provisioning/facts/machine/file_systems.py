"""Room on file systems, in bytes and in files, as stat(1) prints it. Pure."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A file system with what there is of folders that were asked for."""

    folder: str
    """The first of them that is on it."""
    size: int
    free: int
    """Bytes, for others than root."""
    files: int
    """That it can hold; 0 where it makes room for them as they come."""
    files_free: int


def file_systems(folders: Sequence[str]) -> Fact[tuple[FileSystem, ...]]:
    """Those of local folders; of one that is not there yet, what it will be in. Not for network
    mounts, which may hang."""
    words = " ".join(map(shlex.quote, folders))
    fragment = (
        f"for folder in {words}; do\n"
        '    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done\n'
        "    stat -f -c '%i %S %b %a %c %d %n' \"$folder\"\n"
        "done"
    )
    return Fact("file_systems", fragment, _parse)


def _parse(found: Observation) -> tuple[FileSystem, ...]:
    seen: dict[str, FileSystem] = {}
    for line in found.stdout.splitlines():
        number, *sizes, folder = line.split(" ", 6)
        if len(sizes) == 5 and all(size.isdecimal() for size in sizes):
            block, blocks, free, files, files_free = map(int, sizes)
            one = FileSystem(folder, block * blocks, block * free, files, files_free)
            seen.setdefault(number, one)
    return tuple(seen.values())
