"""The public half of a key file, as hosts have it."""

import base64
from dataclasses import dataclass
from pathlib import Path

import paramiko

from ..errors import ClusterError
from .key_ring import public_half


class NoPublicKeyError(ClusterError):
    """A file that is no key, or does not tell its public half; the message says the fix."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of this machine."""

    file: Path
    """That of the private key, without ``.pub``."""
    blob: str
    """In base64, as in authorized_keys (sshd(8))."""
    line: str
    """Line of authorized_keys, without options."""

    @classmethod
    def of_file(cls, path: Path) -> "PublicKey":
        """The key of a private key's file or of its ``.pub``. Raises ``NoPublicKeyError``."""
        file = path.with_suffix("") if path.suffix == ".pub" else path
        half = public_half(path) or public_half(file)
        if half is None:
            raise NoPublicKeyError(
                f"{path} is no key that tells its public half; if it is one, write that beside it: "
                f"ssh-keygen -y -f {file} > {file}.pub"
            )
        kind = paramiko.Message(half).get_text()
        blob = base64.b64encode(half).decode("ascii")
        return cls(file, blob, f"{kind} {blob} {file.name}")

    def __str__(self) -> str:
        return str(self.file)
