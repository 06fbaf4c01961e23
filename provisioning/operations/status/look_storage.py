"""The look at the host that exports the outputs folder. Pure."""

import shlex

from provisioning.model.storage import Storage
from provisioning.operations.status.state import StorageState
from provisioning.resources.base import Observation

_THREADS, _EXPORTS, _SPACE = "storage.threads", "storage.exports", "storage.space"


def fragments(storage: Storage) -> dict[str, str]:
    """What to ask the host."""
    return {
        _THREADS: "cat /proc/fs/nfsd/threads",
        # What exportfs(8) has put into force; /etc/exports is only what was meant.
        _EXPORTS: "cat /var/lib/nfs/etab",
        _SPACE: f"stat -f -c '%S %a %b' {shlex.quote(str(storage.export))}",
    }


def parse(storage: Storage, found: dict[str, Observation]) -> StorageState:
    """What it answered."""
    threads = found[_THREADS].stdout.strip()
    clients = []
    for line in found[_EXPORTS].stdout.splitlines():
        path, _, rest = line.partition("\t")
        if path == str(storage.export):
            clients.append(rest.split("(")[0])
    free, size = space(found[_SPACE].stdout)
    return StorageState(tuple(clients), int(threads) if threads.isdecimal() else 0, free, size)


def space(text: str) -> tuple[int, int]:
    """Free and total bytes from ``stat -f -c '%S %a %b'``; nought where it printed nothing."""
    words = text.split()
    if len(words) != 3 or not all(word.isdecimal() for word in words):
        return 0, 0
    block, free, size = (int(word) for word in words)
    return block * free, block * size
