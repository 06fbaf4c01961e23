"""The question by which ``cluster init`` asks where outputs are shared."""

from collections.abc import Mapping

from .flow import scalar
from .question import Keys, Member, Question, clean, is_none

_ON_A_HOST = """\
# Outputs are shared, so that every node shows every file: this host is made an NFS server for them.
# For a server that exists, write  source: SERVER:/PATH  instead of hosts.
"""

_ELSEWHERE = """\
# Outputs are shared, so that every node shows every file: an NFS server that exists.
"""

_NOT_SHARED = """\
# Outputs stay on the node that made them. To share them, name a host to be made an NFS server, or
# source: SERVER:/PATH for one that exists.
# storage:
#   hosts:
#     nas1: 192.168.1.20
"""

_MOUNT = """\
  # Where every real server mounts them.
  mount_point: /srv/cosyvoice/outputs
"""


class StorageQuestion(Question):
    """Also takes an NFS server that exists."""

    def problem(self, answer: str) -> str | None:
        """Say why an answer cannot be used; ``None`` where it can."""
        return None if _is_server(answer) else super().problem(answer)

    def members(self, answer: str) -> tuple[Member, ...]:
        """The host to be made an NFS server, if any."""
        return () if _is_server(answer) else super().members(answer)

    def section(
        self, answer: str, keys: Keys | None = None, settings: Mapping[str, object] | None = None
    ) -> str:
        """The group as it stands in the inventory, with its comment."""
        if _is_server(answer):
            return f"{_ELSEWHERE}storage:\n  source: {scalar(clean(answer))}\n{_MOUNT}"
        if is_none(answer):
            return _NOT_SHARED
        return f"{super().section(answer, keys, settings)}{_MOUNT}"


def _is_server(answer: str) -> bool:
    return ":/" in clean(answer)


STORAGE_QUESTION = StorageQuestion(
    key="storage",
    option="--storage",
    help="A host to be made an NFS server, one that exists, or none.",
    metavar="[NAME=]ADDRESS|SERVER:/PATH|none",
    text="Shared outputs: address of a host to be made an NFS server, SERVER:/PATH of one that "
    "exists, or none",
    more="Outputs that every node shows: the address of a host to be made an NFS server, or "
    "SERVER:/PATH of one that exists. With none each node keeps its own, and the recordings that "
    "it was sent: engines that clone voices from those, as CosyVoice does, need one.",
    prefix="nas",
    comment=_ON_A_HOST,
    several=False,
    optional=True,
)
