"""The kernel's NFS server. Pure."""

from provisioning.facts.fact import Fact
from provisioning.resources.base import Observation


def _threads(found: Observation) -> int:
    text = found.stdout.strip()
    return int(text) if text.isdecimal() else 0


NFS_THREADS = Fact("nfs_threads", "cat /proc/fs/nfsd/threads", _threads)
"""Threads of the NFS server; 0 where it does not run."""
