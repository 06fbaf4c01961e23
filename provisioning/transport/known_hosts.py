"""Is the host who it should be? OpenSSH's known_hosts files (sshd(8), SSH_KNOWN_HOSTS).

Not by paramiko's reader: that one knows neither markers nor patterns, stops at a bad line, and
holds one key of a type for a host.
"""

import base64
import fcntl
import hashlib
import hmac
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import paramiko

from .base import HostKeyError, ShownKey, UnknownHostKeyError

REVOKED, AUTHORITY = "@revoked", "@cert-authority"
_PATTERN = re.compile(r"[*?!]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a known_hosts file."""

    file: Path
    line: int
    marker: str
    patterns: str
    kind: str
    blob: str
    """The public key in base64."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names it is about, where these are all it says: no hash, no pattern."""
        if self.patterns.startswith("|1|") or _PATTERN.search(self.patterns):
            return None
        return tuple(self.patterns.lower().split(","))

    def is_about(self, name: str) -> bool:
        """Tell whether its patterns match: hashed, or with ``*``, ``?`` and ``!`` (ssh_config(5),
        PATTERNS)."""
        if self.patterns.startswith("|1|"):
            salt, digest = _hashed(self.patterns)
            # The hash that OpenSSH has for this; nothing is kept secret by it here.
            return bool(salt) and hmac.digest(salt, name.encode(), "sha1") == digest
        matched = False
        for denied, expression in _globs(self.patterns):
            if expression.fullmatch(name):
                if denied:
                    return False
                matched = True
        return matched

    def is_about_any(self, names: Iterable[str]) -> bool:
        """``is_about`` for one of several names."""
        return any(self.is_about(name) for name in names)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} knows {self.kind} {_fingerprint(self.blob)}"


@cache
def _hashed(patterns: str) -> tuple[bytes, bytes]:
    """Salt and digest of ``|1|SALT|DIGEST``; nothing where it is damaged."""
    _, _, *parts = patterns.split("|")
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts)
    except ValueError:
        return b"", b""
    return salt, digest


@cache
def _globs(patterns: str) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """Each pattern, and whether a name that matches it is none of the entry's."""
    found = []
    for pattern in patterns.lower().split(","):
        glob = re.escape(pattern.removeprefix("!")).replace(r"\*", ".*").replace(r"\?", ".")
        found.append((pattern.startswith("!"), re.compile(glob)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read once, for all hosts of a run: there may be hundreds, and as many
    thousand lines."""

    entries: tuple[Entry, ...]
    named: dict[str, list[Entry]]
    """Lines that say plain names, by each of these."""
    others: tuple[Entry, ...]
    """Lines to be asked about every name."""

    def about(self, names: Iterable[str]) -> set[Entry]:
        """The lines about one of these names."""
        names = tuple(names)
        found = {entry for name in names for entry in self.named.get(name, ())}
        return found | {entry for entry in self.others if entry.is_about_any(names)}


def fingerprint(key: paramiko.PKey) -> str:
    """A key's type and SHA-256 fingerprint the way ssh-keygen(1) shows it."""
    return f"{key.get_name()} {_fingerprint(key.get_base64())}"


def _fingerprint(blob: str) -> str:
    try:
        digest = hashlib.sha256(base64.b64decode(blob)).digest()
    except ValueError:
        return "that is damaged"
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class KnownHosts:
    """The keys that hosts are known by. New ones are written to the first file."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Reads the files that exist. Raises ``HostKeyError`` for one that cannot be read."""
        self._files = list(files)
        self._read = [_read(file) for file in self._files]
        self._found: dict[tuple[str, ...], list[Entry]] = {}

    def kinds(self, names: tuple[str, ...]) -> set[str]:
        """The key types the host is known by; a server asked for another seems changed."""
        return {entry.kind for entry in self._known(names)}

    def check(self, names: tuple[str, ...], key: paramiko.PKey, *, accept_new: bool) -> None:
        """Raises ``HostKeyError`` unless the key is that of the host with these ``names``.

        The first name is the host's own. With others it is only recognised, never found changed
        (ssh(1) looks for the name without the port in that way). With ``accept_new`` the first
        key of a host is learnt; a changed one never is.
        """
        blob, shown, host = key.get_base64(), fingerprint(key), names[0]
        for entry in self._about(names):
            if entry.marker == REVOKED and entry.blob == blob:
                raise HostKeyError(
                    f"{host}: its host key {shown} is marked {REVOKED} in "
                    f"{entry.file}:{entry.line}: it must not be trusted; make the host a new key "
                    "(ssh-keygen -A on it, after removing the old ones)"
                )
        if any(entry.blob == blob for entry in self._known(names)):
            return
        if known := self._known(names[:1]):
            raise HostKeyError(_changed(host, shown, known))
        new = ShownKey(host, key.get_name(), blob, _fingerprint(blob), self._files[0])
        if not accept_new:
            raise UnknownHostKeyError(self._unknown(host, shown), new)
        learn(new)

    def _known(self, names: tuple[str, ...]) -> list[Entry]:
        return [entry for entry in self._about(names) if not entry.marker]

    def _about(self, names: tuple[str, ...]) -> list[Entry]:
        """In the files' order. Asked three times a login, and each hashed line is an HMAC."""
        if names not in self._found:
            self._found[names] = [
                entry
                for read in self._read
                for entry in sorted(read.about(names), key=lambda entry: entry.line)
            ]
        return self._found[names]

    def _unknown(self, host: str, shown: str) -> str:
        own, *shared = self._files
        files = ", ".join(str(file) for file in (own, *filter(Path.exists, shared)))
        authorities = [entry for entry in self._about((host,)) if entry.marker == AUTHORITY]
        certified = (
            f" ({authorities[0].file}:{authorities[0].line} is a {AUTHORITY} line: host "
            "certificates are not supported, the host's own key must be known)"
            if authorities
            else ""
        )
        return (
            f"{host}: unknown host key {shown}, the host is not in {files}{certified}; compare "
            "it with the host's own (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), "
            "then repeat with --accept-new-host-keys"
        )


def _changed(host: str, shown: str, known: list[Entry]) -> str:
    forget = f"ssh-keygen -R {shlex.quote(host)} -f {shlex.quote(str(known[0].file))}"
    return (
        f"{host}: the host key CHANGED: it shows {shown}, but "
        f"{', '.join(str(entry) for entry in known)}. Either the host was installed anew, or "
        "someone else answers in its place. Where you know that it is the host: "
        f"{forget}, then repeat with --accept-new-host-keys"
    )


def _read(file: Path) -> _Read:
    """The file as it is now, read anew only where it has changed."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return _Read((), {}, ())
    except OSError as error:
        raise HostKeyError(f"{file} cannot be read: {error.strerror}") from None
    return _read_once(file, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=16)
def _read_once(file: Path, _version: tuple[int, ...]) -> _Read:
    entries = tuple(_entries(file))
    named: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.names or ():
            named.setdefault(name, []).append(entry)
    return _Read(entries, named, tuple(entry for entry in entries if entry.names is None))


def _entries(file: Path) -> Iterator[Entry]:
    try:
        lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise HostKeyError(f"{file} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        marker = fields.pop(0) if fields[0].startswith("@") else ""
        if len(fields) >= 3:
            yield Entry(file, number, marker, *fields[:3])


def learn(key: ShownKey) -> None:
    """Append a key that somebody vouches for. Raises ``HostKeyError``.

    Hosts behind one jump host learn its key at the same time, in threads and in processes: a lock
    keeps them to one line.
    """
    file, host = key.file, key.host
    line = f"{host} {key.kind} {key.blob}"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            present = out.read()
            if line.encode() not in present.splitlines():
                start = "" if not present or present.endswith(b"\n") else "\n"
                out.write(f"{start}{line}\n".encode())
    except OSError as error:
        raise HostKeyError(
            f"{host}: its key cannot be written to {file}: {error.strerror}"
        ) from None
