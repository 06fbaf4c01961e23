"""Is the host who it should be? OpenSSH's known_hosts file (sshd(8), SSH_KNOWN_HOSTS)."""

import base64
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko

from provisioning.transport.base import HostKeyError

_APPENDING = threading.Lock()


def fingerprint(key: paramiko.PKey) -> str:
    """A key's SHA-256 fingerprint the way ssh-keygen(1) shows it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return f"{key.get_name()} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Decides about a key that known_hosts does not have under that host and type.

    A host with no key at all is unknown: learnt when asked to, else refused. A host that shows
    a key of a type other than those it is known by counts as changed.
    """

    def __init__(self, path: Path, *, accept_new: bool) -> None:
        self._path = path
        self._accept_new = accept_new

    def load_into(self, client: paramiko.SSHClient) -> None:
        """Gives the client the keys it will check against."""
        for name, key in self._keys():
            client.get_host_keys().add(name, key.get_name(), key)

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        if client.get_host_keys().lookup(hostname):
            raise self.changed(hostname, key)
        self.refuse_revoked(hostname, key)
        if not self._accept_new:
            raise HostKeyError(
                f"{hostname}: unknown host key {fingerprint(key)}, nothing about this host in "
                f"{self._path}; check the fingerprint on the host (ssh-keygen -lf "
                "/etc/ssh/ssh_host_*_key.pub), then say --accept-new-host-keys"
                f"{self._authority_note()}"
            )
        self._learn(hostname, key)

    def changed(self, hostname: str, key: paramiko.PKey) -> HostKeyError:
        """The error for a host that shows another key than the one we know."""
        return HostKeyError(
            f"{hostname}: the host key CHANGED to {fingerprint(key)}; either the host was "
            f"installed anew, or someone else answers in its place. {self._path} (line "
            f"{self._lines_of(hostname)}) knows another one. If the change is yours: "
            f"ssh-keygen -R '{hostname}' -f {self._path}, then --accept-new-host-keys"
        )

    def refuse_revoked(self, hostname: str, key: paramiko.PKey) -> None:
        """Raises ``HostKeyError`` when the file marks the key ``@revoked``."""
        for number, line in enumerate(self._lines(), 1):
            fields = line.split()
            if fields[:1] == ["@revoked"] and key.get_base64() in fields:
                raise HostKeyError(
                    f"{hostname}: its host key {fingerprint(key)} is marked @revoked in "
                    f"{self._path}:{number}; give the host a new key"
                )

    def _learn(self, hostname: str, key: paramiko.PKey) -> None:
        with _APPENDING:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a+", encoding="utf-8") as file:
                file.seek(0)
                text = file.read()
                start = "\n" if text and not text.endswith("\n") else ""
                file.write(f"{start}{hostname} {key.get_name()} {key.get_base64()}\n")

    def _keys(self) -> Iterator[tuple[str, paramiko.PKey]]:
        """Names and keys. Not by paramiko's own reader, which fails at a marker or a bad line."""
        for number, line in enumerate(self._lines(), 1):
            if not line.strip() or line.startswith(("@", "#")):
                continue
            try:
                entry = paramiko.hostkeys.HostKeyEntry.from_line(line, number)
            except (paramiko.hostkeys.InvalidHostKey, paramiko.SSHException):
                continue
            if entry is not None and entry.key is not None:
                for name in entry.hostnames or ():
                    yield name, entry.key

    def _lines(self) -> list[str]:
        if not self._path.is_file():
            return []
        return self._path.read_text(encoding="utf-8", errors="replace").splitlines()

    def _lines_of(self, hostname: str) -> str:
        found = []
        for number, line in enumerate(self._lines(), 1):
            names = line.split()[0].split(",") if line.strip() else []
            hashed = names and names[0].startswith("|1|")
            if hostname in names or (
                hashed and paramiko.HostKeys.hash_host(hostname, names[0]) == names[0]
            ):
                found.append(str(number))
        return ", ".join(found) or "?"

    def _authority_note(self) -> str:
        if any(line.startswith("@cert-authority") for line in self._lines()):
            return "; host certificates (@cert-authority) are not supported, add the key itself"
        return ""
