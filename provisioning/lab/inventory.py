"""The inventory of a lab: the same kind of file a person writes for servers. Pure."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from .topology import INTERFACE, LOGIN_USER, Topology, kinds

_HEADER = """\
# Inventory of the lab {name!r}: machines on this computer, made by `cluster lab up`.
# Deploy to them as to any others: cluster deploy -i {path}
# ssh.host and ssh.port lead to a machine's sshd through a port of this computer; they are gone
# after `cluster lab down`.{manager}
"""
_SUPERVISOR = " No machine runs systemd, so Supervisor keeps the services."


def render(
    topology: Topology,
    ports: Mapping[str, int],
    path: Path,
    key: Path,
    known_hosts: Path,
    python: Path | None,
    sudo_password: Path | None,
) -> str:
    """The inventory's text. ``python`` is an interpreter on the host that has the app's needs;
    None: the machines are bare. ``sudo_password`` is a file with the password that sudo asks for on
    the machines, if it does."""
    content: dict[str, object] = {
        **({"vip": str(topology.lan.vip)} if topology.vip == topology.lan.vip else {}),
        "interface": INTERFACE,
        **({} if python is None else {"service_manager": "supervisor"}),
        "ssh": _ssh(key, known_hosts, sudo_password),
        "vrrp": {"version": 3, "advert_interval": 0.2},
        # Small and instant: seven kernels share this computer's cores.
        "app": {**_environment(python), "engine": "espeak", "queue_size": 64},
    }
    for group, kind in kinds().items():
        if nodes := topology.of_kind(kind):
            own = {} if kind.vip is None else {"vip": str(topology.lan.address(kind.vip))}
            content[group] = own | {
                "hosts": {
                    node.name: {
                        "address": str(node.address),
                        "ssh": {"host": "127.0.0.1", "port": ports[node.name]},
                    }
                    for node in nodes
                }
            }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    manager = "" if python is None else _SUPERVISOR
    return _HEADER.format(name=topology.name, path=path, manager=manager) + text


def _environment(python: Path | None) -> dict[str, object]:
    """Bare machines reach no package index: this computer brings what the app needs."""
    return {"venv": {"wheelhouse": True}} if python is None else {"python": str(python)}


def _ssh(key: Path, known_hosts: Path, sudo_password: Path | None) -> dict[str, object]:
    ssh: dict[str, object] = {
        "user": LOGIN_USER,
        "key_file": str(key),
        "known_hosts_file": str(known_hosts),
        # Seven kernels on a laptop's cores: a busy one is slow to answer, not gone.
        "connect_timeout": 30,
    }
    if sudo_password is not None:
        ssh["sudo_password"] = {"file": str(sudo_password)}
    return ssh
