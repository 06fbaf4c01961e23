"""Where to connect, as whom, with which keys: the inventory over ``~/.ssh/config``."""

import getpass
import re
from dataclasses import dataclass
from pathlib import Path

import paramiko

from provisioning.model.ssh import Connection
from provisioning.transport.base import TransportError, UnreachableError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One sshd to connect to."""

    name: str
    """What the operator calls it, for messages."""
    host: str
    port: int
    user: str
    key_files: tuple[Path, ...]
    only_these_keys: bool
    known_hosts: Path
    jumps: tuple["Endpoint", ...]
    proxy_command: str | None

    @property
    def known_as(self) -> str:
        """Its name in known_hosts: with the port where that is not 22 (sshd(8))."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def resolve(name: str, connection: Connection, base_dir: Path) -> Endpoint:
    """The endpoint of a host. Raises ``TransportError`` for an ssh_config that cannot be read."""
    config = _config(name, connection, base_dir)
    wanted = connection.host or name
    found = config.lookup(wanted)
    known_hosts = _path(connection.known_hosts_file, base_dir) or _configured_known_hosts(found)
    jump = connection.jump or found.get("proxyjump")
    jumps = tuple(
        _jump(name, hop, config, known_hosts, connection, base_dir)
        for hop in (jump or "").split(",")
        if hop.strip() and hop.strip().lower() != "none"
    )
    key_file = _path(connection.key_file, base_dir)
    configured = tuple(Path(file).expanduser() for file in found.get("identityfile", []))
    return Endpoint(
        name,
        found.get("hostname", wanted),
        connection.port or int(found.get("port", 22)),
        connection.user or found.get("user") or getpass.getuser(),
        (key_file,) if key_file else configured,
        bool(key_file) or found.get("identitiesonly", "no").lower() == "yes",
        known_hosts,
        jumps,
        found.get("proxycommand"),
    )


_HOP = re.compile(
    r"(?:(?P<user>[^@]+)@)?(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\s]+))(?::(?P<port>\d+))?"
)


def _jump(
    name: str,
    hop: str,
    config: paramiko.SSHConfig,
    known_hosts: Path,
    connection: Connection,
    base_dir: Path,
) -> Endpoint:
    match = _HOP.fullmatch(hop.strip())
    if match is None:
        raise UnreachableError(f"{name}: jump host {hop!r} is not [user@]host[:port]")
    wanted = match["v6"] or match["host"]
    found = config.lookup(wanted)
    key_file = _path(connection.key_file, base_dir)
    configured = tuple(Path(file).expanduser() for file in found.get("identityfile", []))
    return Endpoint(
        f"{name} (jump host {wanted})",
        found.get("hostname", wanted),
        int(match["port"] or found.get("port", 22)),
        match["user"] or found.get("user") or connection.user or getpass.getuser(),
        configured or ((key_file,) if key_file else ()),
        False,
        known_hosts,
        (),
        None,
    )


def _config(name: str, connection: Connection, base_dir: Path) -> paramiko.SSHConfig:
    path = _path(connection.config_file, base_dir) or Path("~/.ssh/config").expanduser()
    if not path.is_file():
        return paramiko.SSHConfig()
    try:
        return paramiko.SSHConfig.from_path(str(path))
    except (paramiko.SSHException, OSError, UnicodeDecodeError) as error:
        raise TransportError(f"{name}: {path} cannot be read: {error}") from None


def _configured_known_hosts(found: paramiko.SSHConfigDict) -> Path:
    files = str(found.get("userknownhostsfile", "~/.ssh/known_hosts")).split()
    return Path(files[0]).expanduser()


def _path(path: Path | None, base_dir: Path) -> Path | None:
    return base_dir / path.expanduser() if path else None
