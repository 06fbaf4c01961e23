"""Reaching the machines with the real ssh client."""

import shlex
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .commands import ENVIRONMENT
from .topology import LOGIN_USER


def config(ports: Mapping[str, int], key: Path, known_hosts: Path) -> str:
    """An ssh_config(5) for ``ssh -F``: the machines by name, strictly checked. Pure."""
    machines = "\n".join(f"Host {name}\n  Port {port}" for name, port in ports.items())
    return f"""\
{machines}
Host {" ".join(ports)}
  HostName 127.0.0.1
  User {LOGIN_USER}
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  PasswordAuthentication no
  ConnectTimeout 10
  ServerAliveInterval 5
  ServerAliveCountMax 3
  LogLevel ERROR
"""


def command(config_file: Path, node: str, argv: Sequence[str] = (), tty: bool = False) -> list[str]:
    """The ssh command for a shell, or for a command whose words arrive as they are. Pure."""
    options = ["-t"] if tty else []
    return ["ssh", *options, "-F", str(config_file), node, *([shlex.join(argv)] if argv else [])]


def answers(port: int, timeout: float = 1.0) -> bool:
    """Tell whether an sshd greets on this port of 127.0.0.1 within ``timeout`` seconds."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def logs_in(config_file: Path, node: str, timeout: float = 20.0) -> bool:
    """Tell whether the lab's key opens a session on the machine within ``timeout`` seconds."""
    argv = command(config_file, node, ["true"])
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
