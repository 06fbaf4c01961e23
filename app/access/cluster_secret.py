"""The secret that the nodes of a cluster share, from a file that others cannot read."""

import stat
from pathlib import Path

from app.errors import NodeError

SHORTEST = 16
"""Bytes."""
_SIZE_LIMIT = 4096


class ClusterSecretError(NodeError):
    """The file cannot be used; the message says why and what to do, never the secret."""


def read_secret(path: Path) -> bytes:
    """The secret: the file's content without the newline at its end. Raises
    ``ClusterSecretError``."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            content = file.read(_SIZE_LIMIT + 1)
    except OSError as error:
        raise ClusterSecretError(f"{path} cannot be read: {error.strerror}") from error
    if mode & stat.S_IRWXO:
        raise ClusterSecretError(
            f"every user of this machine has access to {path}; chmod o= {path}"
        )
    if len(content) > _SIZE_LIMIT:
        raise ClusterSecretError(f"{path} is larger than a secret")
    secret = content.strip()
    if len(secret) < SHORTEST:
        raise ClusterSecretError(
            f"{path} holds {len(secret)} bytes; a secret has at least {SHORTEST}: "
            f"head -c 32 /dev/urandom | base64 > {path}"
        )
    return secret
