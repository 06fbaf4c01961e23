"""Shared outputs: an NFS export of ours, or a mount that exists already."""

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from provisioning.model.hosts import Group, StorageEntry


class Storage(Group[StorageEntry]):
    """With one host, that host is made an NFS server; with ``source``, an existing one is used."""

    export: PurePosixPath = PurePosixPath("/srv/cosyvoice/outputs")
    """Folder on the storage host."""
    export_options: list[str] = ["rw", "sync", "no_subtree_check", "root_squash"]
    """exports(5) options for the real servers."""
    source: Annotated[str, Field(pattern=r"^[^\s:]+:/\S*$|^\[[0-9a-fA-F:]+\]:/\S*$")] | None = None
    """``server:/path`` of an NFS server that is not ours."""
    mount_point: PurePosixPath = PurePosixPath("/srv/cosyvoice/outputs")
    """Folder on each real server."""
    mount_options: list[str] = ["vers=4.2", "hard", "timeo=150", "noatime", "_netdev", "nofail"]
    """nfs(5) options."""
