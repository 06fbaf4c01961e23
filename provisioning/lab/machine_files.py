"""A machine's folder as it boots: init script, settings, files of its own. Pure."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import PurePosixPath

from .accounts import Accounts, Login, with_login
from .errors import LabError
from .ssh_keys import KeyPair
from .topology import INTERFACE, LOGIN_USER, Kernel, Node, Topology

_HIDDEN = (
    "etc/exports",
    "etc/exports.d",
    "etc/fstab",
    "etc/keepalived",
    "etc/supervisor/conf.d",
    "etc/update-motd.d",
    "opt/cosyvoice",
    "root/.ssh",
)
"""Files that a server already deployed to has, and a fresh one has not; and the scripts of the
message of the day, which PAM runs at every login, seen or not: four processes, of which a User Mode
Linux makes ten a second."""
_KEPT_EMPTY = ("etc/keepalived", "etc/supervisor/conf.d")
"""Folders among them that come with their package."""
_OWN_MOUNTS = ("/dev", "/run", "/srv")
"""Folders where a machine has a file system of its own, that hides the host's."""

_SSHD_CONFIG = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""


@dataclass(frozen=True)
class File:
    """A file or, with ``text`` None, a folder, to be made in a machine's folder."""

    text: str | None = field(repr=False)
    mode: int = 0o644
    owner: int = 0


@dataclass(frozen=True)
class Interpreter:
    """A Python environment of the host that the machines use through their root file system.

    ``paths`` are the environment's folder and its base installation's, also with links resolved.
    Raises LabError if one is where the machines have something of their own.
    """

    paths: tuple[PurePosixPath, ...]

    def __post_init__(self) -> None:
        for path in self.paths:
            for own in _OWN_MOUNTS:
                if path.is_relative_to(own):
                    raise LabError(
                        f"The Python environment {path} cannot be seen by the lab's machines,"
                        f" which have a {own} of their own. Make one elsewhere and run the lab"
                        " from there."
                    )

    @property
    def folders(self) -> list[PurePosixPath]:
        """Every folder on the way to it, relative to the root, outermost first."""
        every = {folder for path in self.paths for folder in (path, *path.parents)}
        return sorted(folder.relative_to("/") for folder in every - {PurePosixPath("/")})


@dataclass(frozen=True)
class Identity:
    """The things that make a machine itself: its host key, who may log in, whether sudo asks."""

    host_key: KeyPair
    login_key: str
    login_number: int
    password_hash: str | None = field(default=None, repr=False)


def machine_files(
    topology: Topology, node: Node, host: Accounts, who: Identity, interpreter: Interpreter
) -> dict[str, File]:
    """All files by their path in the machine's folder; ``root/`` is laid over its root."""
    is_uml = node.kernel is Kernel.UML
    # The namespaces' script binds /run last, and can make no new folder in the host's root.
    home = PurePosixPath("/home" if is_uml else "/run/home", LOGIN_USER)
    login = Login(LOGIN_USER, who.login_number, str(home), who.password_hash or "*")
    accounts = with_login(host, login)
    etc = {
        "passwd": File(accounts.passwd),
        "group": File(accounts.group),
        "shadow": File(accounts.shadow, 0o600),
        "hostname": File(f"{node.name}\n"),
        "hosts": File(hosts(topology)),
        "exports": File(""),
        "fstab": File(""),
        f"sudoers.d/{LOGIN_USER}": File(sudoers(asks=who.password_hash is not None), 0o440),
        "ssh/sshd_config": File(_SSHD_CONFIG),
        "ssh/ssh_host_ed25519_key": File(who.host_key.private, 0o600),
        "ssh/ssh_host_ed25519_key.pub": File(f"{who.host_key.public} {node.name}\n"),
    }
    own = who.login_number
    ssh = f"root{home}/.ssh"
    return {
        "init": File(script("uml-init.sh" if is_uml else "client-init.sh"), 0o700),
        "launch": File(script("uml-launch.sh"), 0o700),
        "settings": File(_settings(topology, node)),
        "hidden": File(_lines(path for path in _HIDDEN if not _leads_to(path, interpreter))),
        "entered": File(_lines(interpreter.folders)),
        "memory": File(None, 0o700),
        "own": File(None, 0o700),
        **{f"root/etc/{path}": file for path, file in etc.items()},
        **{f"root/{path}": File(None, 0o755) for path in _KEPT_EMPTY},
        f"root{home}": File(None, 0o755, own),
        ssh: File(None, 0o700, own),
        f"{ssh}/authorized_keys": File(f"{who.login_key}\n", 0o600, own),
    }


def script(name: str) -> str:
    """The text of one of the shell scripts that come with the lab."""
    return resources.files(__package__).joinpath("scripts", name).read_text("utf-8")


def known_hosts(topology: Topology, keys: Mapping[str, KeyPair], ports: Mapping[str, int]) -> str:
    """Every host key, by the host's loopback port and by the machine's own name and address."""
    return _lines(
        f"[127.0.0.1]:{ports[node.name]},{node.name},{node.address} {keys[node.name].public}"
        for node in topology.nodes
    )


def _settings(topology: Topology, node: Node) -> str:
    values = {
        "NAME": node.name,
        "ADDRESS": f"{node.address}/{topology.lan.network.prefixlen}",
        "INTERFACE": INTERFACE,
    }
    return _lines(f"{name}={shlex.quote(value)}" for name, value in values.items())


def hosts(topology: Topology) -> str:
    """Text of /etc/hosts, the same on every machine."""
    names = [f"{node.address} {node.name}" for node in topology.nodes]
    return _lines(["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", *names])


def sudoers(asks: bool) -> str:
    """Text that lets the login user become root, with or without a password."""
    return f"{LOGIN_USER} ALL=(ALL:ALL) {'' if asks else 'NOPASSWD: '}ALL\n"


def _leads_to(path: str, interpreter: Interpreter) -> bool:
    return PurePosixPath(path) in interpreter.folders


def _lines(items: Iterable[object]) -> str:
    return "".join(f"{item}\n" for item in items)
