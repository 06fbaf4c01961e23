"""Files of a bare machine's folder: the launcher, and what its first boot lays over its disk.

Pure.
"""

from pathlib import PurePosixPath

from ..machine_files import File, Identity, hosts, script, sudoers
from ..topology import INTERFACE, LOGIN_USER, Lan, Node, Topology
from .mirror import Mirror
from .release import sources

LOGIN_NUMBER = 1000
"""The id of the first person's account on a Debian, which the image's `useradd` has given."""
_HOME = PurePosixPath("home", LOGIN_USER)


def bare_machine_files(
    topology: Topology, node: Node, debian: int, who: Identity, mirror: Mirror
) -> dict[str, File]:
    """All files by their path in the machine's folder; ``seed/root/`` is laid over its disk.

    ``mirror`` is as the machine sees it.
    """
    asks = who.password_hash is not None
    etc = {
        "hostname": File(f"{node.name}\n"),
        "hosts": File(hosts(topology)),
        # A third of what there is to fetch, and as much again to read, for nobody.
        "apt/apt.conf.d/lab": File('Acquire::Languages "none";\n'),
        "apt/sources.list": File(""),
        "apt/sources.list.d/debian.sources": File(sources(debian, mirror)),
        f"sudoers.d/{LOGIN_USER}": File(sudoers(asks), 0o440),
        "ssh/ssh_host_ed25519_key": File(who.host_key.private, 0o600),
        "ssh/ssh_host_ed25519_key.pub": File(f"{who.host_key.public} {node.name}\n"),
        f"systemd/network/10-{INTERFACE}.network": File(_network(topology.lan, node)),
    }
    ssh = f"seed/root/{_HOME}/.ssh"
    passwords = f"{LOGIN_USER}:{who.password_hash}\n" if asks else ""
    return {
        "launch": File(script(_launcher(node)), 0o700),
        "power": File(script("bare-power.sh"), 0o700),
        "memory": File(None, 0o700),
        "seed/passwords": File(passwords, 0o600),
        **{f"seed/root/etc/{path}": file for path, file in etc.items()},
        f"seed/root/{_HOME}": File(None, 0o755, LOGIN_NUMBER),
        ssh: File(None, 0o700, LOGIN_NUMBER),
        # Else each login starts a `systemd --user` and ends it after, for seconds of such a kernel.
        f"seed/root/var/lib/systemd/linger/{LOGIN_USER}": File(""),
        f"{ssh}/authorized_keys": File(f"{who.login_key}\n", 0o600, LOGIN_NUMBER),
    }


def _launcher(node: Node) -> str:
    return "bare-shared.sh" if node.shares_kernel else "uml-launch.sh"


def _network(lan: Lan, node: Node) -> str:
    return f"""\
[Match]
Name={INTERFACE}

[Network]
Address={node.address}/{lan.network.prefixlen}
"""
