"""Shared outputs: an NFS export of ours, or a mount that exists already."""

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from .command import ExportedFolder, MountPoint
from .hosts import Group, StorageEntry, StorageHost


def _no_url(text: str) -> str:
    if url := re.fullmatch(r"[a-z0-9+]+://([^/:]+)(?::\d+)?(/.*)", text):
        raise PydanticCustomError(
            "nfs_source",
            "no URL is needed here",
            {"allowed": "server:/path", "fix": f"write {url[1]}:{url[2]}"},
        )
    return text


NfsSource = Annotated[
    str,
    AfterValidator(_no_url),
    Field(
        pattern=r"^([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):/[^\s,#\"'\\]*$",
        examples=["nas.example.com:/export/outputs"],
    ),
]
Option = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:=/@+-]+$", examples=["noatime"])]


class Storage(Group[StorageEntry]):
    """With one host, that host is made an NFS server; with ``source``, an existing one is used."""

    host_type = StorageHost

    export: ExportedFolder = PurePosixPath("/srv/cosyvoice/outputs")
    """Folder on the storage host."""
    export_options: list[Option] = ["rw", "sync", "no_subtree_check", "all_squash"]
    """exports(5) options for the real servers. ``all_squash`` makes every file nobody's, so that no
    account needs the same number on all nodes."""
    source: NfsSource | None = None
    """``server:/path`` of an NFS server that is not ours."""
    mount_point: MountPoint = PurePosixPath("/srv/cosyvoice/outputs")
    """Folder on each real server."""
    mount_options: list[Option] = [
        "vers=4.2", "hard", "timeo=150", "noatime", "_netdev", "nofail", "bg",
    ]  # fmt: skip
    """nfs(5) options. With ``bg``, a node that boots before its storage mounts it when it comes,
    however late (systemd.mount(5))."""
