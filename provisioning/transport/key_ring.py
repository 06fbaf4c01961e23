"""The private keys to log in with: from files and from the agent."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm

from ..errors import ClusterError

_DEFAULTS = ("id_ed25519", "id_ecdsa", "id_rsa")
_PUBLIC = ("ssh-", "ecdsa-", "sk-")
_MAGIC = b"openssh-key-v1\0"
_OTHERS_MAY = 0o077


@dataclass(frozen=True, slots=True)
class Identity:
    """A key and what to call it in a message."""

    label: str
    key: paramiko.PKey


class UnusableKeyError(ClusterError):
    """A key file that cannot be used; the message says why and the fix."""


class KeyRing:
    """Keys in the order to try them. ``problems`` collects what was passed over, and why."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._agent: paramiko.Agent | None = None

    def close(self) -> None:
        """Lets go of the agent."""
        if self._agent is not None:
            self._agent.close()

    def identities(self, files: tuple[Path, ...], *, only_these: bool) -> Iterator[Identity]:
        """Named files come first, so that an agent full of keys does not use up the tries that
        sshd grants; then the agent's other keys; then, where none was named, ~/.ssh/id_*."""
        seen: set[bytes] = set()
        for identity in self._in_order(files, only_these):
            if identity.key.asbytes() not in seen:
                seen.add(identity.key.asbytes())
                yield identity

    def _in_order(self, files: tuple[Path, ...], only_these: bool) -> Iterator[Identity]:
        yield from self._usable(files)
        if only_these:
            return
        for key in self._agent_keys:
            yield Identity(f"agent key {key.comment or key.fingerprint}", key)
        if not files:
            folder = Path("~/.ssh").expanduser()
            yield from self._usable(
                tuple(folder / name for name in _DEFAULTS if (folder / name).exists())
            )

    def _usable(self, files: tuple[Path, ...]) -> Iterator[Identity]:
        for file in files:
            try:
                yield self.from_file(file)
            except UnusableKeyError as error:
                self.problems.append(str(error))

    def from_file(self, path: Path) -> Identity:
        """The key of a file. The agent's, where the file is public or has a passphrase and the
        agent holds it. Raises ``UnusableKeyError``."""
        try:
            status = path.stat()
            if _is_public(path):
                return self._from_agent(path, f"{path} is a public key, the private one is needed")
            if status.st_uid == os.geteuid() and status.st_mode & _OTHERS_MAY:
                # As ssh(1): such a key may have been read by anyone.
                raise UnusableKeyError(f"other users can read {path}; chmod 600 {path}")
            return Identity(str(path), paramiko.PKey.from_path(path))
        except (TypeError, paramiko.PasswordRequiredException):
            return self._from_agent(path, f"{path} has a passphrase")
        except OSError as error:
            raise UnusableKeyError(
                f"{path} cannot be read: {error.strerror}; make it with ssh-keygen, or correct "
                "ssh.key_file (IdentityFile)"
            ) from None
        except (ValueError, paramiko.SSHException, UnsupportedAlgorithm) as error:
            raise UnusableKeyError(
                f"{path} is not a private key in OpenSSH's or PEM format: {error}"
            ) from None

    def _from_agent(self, path: Path, why: str) -> Identity:
        wanted = public_half(path)
        for key in self._agent_keys:
            if wanted is not None and key.asbytes() == wanted:
                return Identity(f"{path} (by the agent)", key)
        raise UnusableKeyError(f"{why}; load it into ssh-agent: ssh-add {path}")

    @cached_property
    def _agent_keys(self) -> tuple[paramiko.AgentKey, ...]:
        try:
            self._agent = paramiko.Agent()
        except (paramiko.SSHException, OSError) as error:
            self.problems.append(f"the agent at $SSH_AUTH_SOCK does not work: {error}")
            return ()
        return self._agent.get_keys()


def _is_public(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16).decode("ascii", "replace").startswith(_PUBLIC)


def public_half(path: Path) -> bytes | None:
    """The public key of a key file: its own line, that of ``FILE.pub``, or the clear part of an
    OpenSSH private key (PROTOCOL.key in OpenSSH's sources)."""
    for file in (path, path.with_name(f"{path.name}.pub")):
        try:
            text = file.read_text(encoding="ascii", errors="replace")
            if text.startswith(_PUBLIC):
                return base64.b64decode(text.split()[1])
            content = base64.b64decode(
                "".join(line for line in text.splitlines() if not line.startswith("-----"))
            )
        except (OSError, ValueError, IndexError):
            continue
        if content.startswith(_MAGIC):
            message = paramiko.Message(content[len(_MAGIC) :])
            for _ in ("cipher", "key derivation", "its options"):
                message.get_binary()
            message.get_int()
            return message.get_binary()
    return None
