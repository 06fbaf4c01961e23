"""The way to a host: its sshd and the jump hosts before it, the inventory over ``ssh_config``."""

import getpass
import shlex
from dataclasses import dataclass
from pathlib import Path

from ..model.paths import against
from ..model.ssh import Connection
from .base import TransportError
from .hop import Hop, hops
from .ssh_config import SSHConfig, SSHConfigError

_GLOBAL_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"
_USER_KNOWN_HOSTS = "~/.ssh/known_hosts ~/.ssh/known_hosts2"
_LONGEST = 8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One sshd to log in to."""

    name: str
    """Name that the operator calls it by, for messages."""
    host: str
    port: int
    user: str
    key_files: tuple[Path, ...]
    key_required: bool
    """The inventory names the key: it must be usable, and no other is tried."""
    only_these_keys: bool
    known_hosts: tuple[Path, ...]
    known_as: tuple[str, ...]
    """Its names in known_hosts; the first, with the port where that is not 22, is its own."""
    proxy_command: str | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.name}: {self.user}@{host}:{self.port}"


def route(name: str, connection: Connection, base_dir: Path) -> tuple[Endpoint, ...]:
    """The endpoints to pass, the host's own last; each is reached through the one before.

    Raises ``TransportError`` for settings that cannot be read or make no sense.
    """
    planner = _Planner(name, connection, base_dir)
    try:
        return planner.to_host()
    except SSHConfigError as error:
        raise TransportError(f"{name}: {error}") from None


class _Planner:
    def __init__(self, name: str, connection: Connection, base_dir: Path) -> None:
        self._name, self._connection = name, connection
        self._key_file = self._path(connection.key_file, base_dir)
        self._known_hosts = self._path(connection.known_hosts_file, base_dir)
        config_file = self._path(connection.config_file, base_dir)
        if config_file and not config_file.exists():
            raise TransportError(
                f"{name}: there is no {config_file}; make it, or correct ssh.config_file"
            )
        try:
            self._config = SSHConfig(config_file or Path("~/.ssh/config").expanduser())
        except SSHConfigError as error:
            raise TransportError(f"{name}: {error}") from None

    @staticmethod
    def _path(path: Path | None, base_dir: Path) -> Path | None:
        return against(base_dir, path) if path else None

    def to_host(self) -> tuple[Endpoint, ...]:
        """The whole way."""
        connection = self._connection
        wanted = connection.host or self._name
        found = self._lookup(wanted, connection.port, connection.user)
        endpoint = self._endpoint(
            self._name,
            wanted,
            found,
            user=connection.user,
            key_files=(self._key_file,) if self._key_file else _identity_files(found),
            key_required=self._key_file is not None,
            goes_alone=connection.jump is not None,
        )
        jump = connection.jump or _jump(found)
        return (*self._hops(jump, _LONGEST), endpoint)

    def _hops(self, jump: str | None, room: int) -> tuple[Endpoint, ...]:
        if not jump:
            return ()
        if room == 0:
            raise TransportError(
                f"{self._name}: more than {_LONGEST} jump hosts, or they go in a circle; "
                "see ssh.jump and ProxyJump"
            )
        passed: tuple[Endpoint, ...] = ()
        for hop in hops(self._name, jump):
            found = self._lookup(hop.host, hop.port, hop.user)
            first = not passed
            if first:
                # Only the first is reached from here, so only its own way there counts.
                passed = self._hops(_jump(found), room - 1)
            passed += (self._jump_host(hop, found, first=first),)
        return passed

    def _jump_host(self, hop: Hop, found: dict[str, object], *, first: bool) -> Endpoint:
        # The inventory's jump host shares the inventory's key and user; ssh_config's stands for
        # itself, as it does for ssh(1).
        shared = self._connection.jump is not None
        key_files = _identity_files(found)
        if shared and self._key_file:
            key_files = (*key_files, self._key_file)
        return self._endpoint(
            f"{self._name}: jump host {hop.host}",
            hop.host,
            found,
            user=hop.user or _text(found, "user") or (self._connection.user if shared else None),
            key_files=key_files,
            key_required=False,
            goes_alone=not first,
        )

    def _endpoint(
        self,
        name: str,
        wanted: str,
        found: dict[str, object],
        *,
        user: str | None,
        key_files: tuple[Path, ...],
        key_required: bool,
        goes_alone: bool,
    ) -> Endpoint:
        host = _text(found, "hostname") or wanted
        port = self._port(found)
        alias = _text(found, "hostkeyalias")
        known_as = (alias or host).lower()
        return Endpoint(
            name,
            host,
            port,
            user or _text(found, "user") or self._own_user(),
            key_files,
            key_required,
            key_required or _text(found, "identitiesonly") == "yes",
            self._known_hosts_files(found),
            (known_as,) if alias or port == 22 else (f"[{known_as}]:{port}", known_as),
            None if goes_alone else _proxy_command(found),
        )

    def _lookup(self, host: str, port: int | None, user: str | None) -> dict[str, object]:
        if user and "\n" in user:
            raise TransportError(f"{self._name}: ssh.user holds a line break")
        return self._config.lookup(host, port=port, user=user)

    def _port(self, found: dict[str, object]) -> int:
        text = _text(found, "port") or "22"
        if not text.isdecimal() or not 1 <= int(text) <= 65535:
            raise TransportError(f"{self._name}: Port {text!r} in ssh_config is not 1 to 65535")
        return int(text)

    def _own_user(self) -> str:
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            raise TransportError(
                f"{self._name}: who are you? This account has no name; give ssh.user"
            ) from None

    def _known_hosts_files(self, found: dict[str, object]) -> tuple[Path, ...]:
        own = _text(found, "userknownhostsfile") or _USER_KNOWN_HOSTS
        shared = _text(found, "globalknownhostsfile") or _GLOBAL_KNOWN_HOSTS
        first = (self._known_hosts,) if self._known_hosts else _files(own)
        return (*first, *_files(shared))


def _text(found: dict[str, object], key: str) -> str | None:
    value = found.get(key)
    return value if isinstance(value, str) else None


def _files(text: str) -> tuple[Path, ...]:
    return tuple(Path(word).expanduser() for word in shlex.split(text))


def _identity_files(found: dict[str, object]) -> tuple[Path, ...]:
    files = found.get("identityfile")
    named = files if isinstance(files, list) else []
    return tuple(Path(file).expanduser() for file in named if file.lower() != "none")


def _way(found: dict[str, object]) -> str | None:
    """ProxyJump or ProxyCommand: the one that comes first (ssh_config(5), ProxyJump)."""
    return next((key for key in found if key in ("proxyjump", "proxycommand")), None)


def _jump(found: dict[str, object]) -> str | None:
    jump = _text(found, "proxyjump") if _way(found) == "proxyjump" else None
    return None if jump is None or jump.lower() == "none" else jump


def _proxy_command(found: dict[str, object]) -> str | None:
    return _text(found, "proxycommand") if _way(found) == "proxycommand" else None
