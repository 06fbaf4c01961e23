"""How ``cluster init`` asks where outputs are shared."""

from provisioning.roles.question import (
    Question,
    address_problem,
    clean,
    hosts_lines,
    is_none,
    scalar,
)

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
        """Why an answer cannot be used; ``None`` where it can."""
        text = clean(answer)
        return None if ":/" in text or is_none(text) else address_problem(text.rpartition("=")[2])

    def section(self, answers: tuple[str, ...]) -> str:
        """The group as it stands in the inventory, with its comment."""
        (answer,) = map(clean, answers)
        if ":/" in answer:
            return f"{_ELSEWHERE}storage:\n  source: {scalar(answer)}\n{_MOUNT}"
        if is_none(answer):
            return _NOT_SHARED
        return f"{self.comment}storage:\n{hosts_lines((answer,), self.prefix)}{_MOUNT}"


STORAGE_QUESTION = StorageQuestion(
    key="storage",
    option="--storage",
    help="A host to be made an NFS server, one that exists, or none.",
    metavar="[NAME=]ADDRESS|SERVER:/PATH|none",
    text="Shared outputs: address of a host to be made an NFS server, SERVER:/PATH of one that "
    "exists, or none",
    prefix="nas",
    comment=_ON_A_HOST,
    several=False,
    optional=True,
)
