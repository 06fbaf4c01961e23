"""The OpenSSH client's command line for a host, for a person's own shell there or a tunnel."""

import shlex
from pathlib import Path

from ..model.paths import against
from ..model.ssh import Connection
from .hop import Hop, hops


def ssh_command(connection: Connection, base_dir: Path) -> list[str]:
    """``ssh`` with the inventory's settings (ssh(1)); a remote command may be added.

    Jump hosts are passed by one ``ssh -W`` each, as ``-J`` would not give them the inventory's
    key, user and known_hosts. Raises ``TransportError`` for a jump host that is none.
    """
    host = connection.host or ""
    proxy: str | None = None
    for hop in hops(host, connection.jump) if connection.jump else ():
        proxy = _proxy_command(_client(connection, base_dir, hop, proxy), hop.host)
    target = Hop(host, connection.port, connection.user)
    only = ["-o", "IdentitiesOnly=yes"] if connection.key_file else []
    return [*_client(connection, base_dir, target, proxy), *only, "--", host]


def tunnel_command(
    connection: Connection, base_dir: Path, local_port: int, place: str
) -> list[str]:
    """``ssh`` that does nothing but lead a port of this machine's loopback to a place that the host
    reaches, such as ``192.0.2.1:9090``. Raises ``TransportError``."""
    *client, end, host = ssh_command(connection, base_dir)
    forward = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{local_port}:{place}"]
    return [*client, *forward, end, host]


def _client(connection: Connection, base_dir: Path, hop: Hop, proxy: str | None) -> list[str]:
    argv = ["ssh"]
    if connection.config_file:
        argv += ["-F", str(against(base_dir, connection.config_file))]
    if hop.port:
        argv += ["-p", str(hop.port)]
    if user := hop.user or connection.user:
        argv += ["-l", user]
    if connection.key_file:
        argv += ["-i", str(against(base_dir, connection.key_file))]
    if connection.known_hosts_file:
        # Quotes, as the option holds several files separated by blanks.
        file = against(base_dir, connection.known_hosts_file)
        argv += ["-o", f'UserKnownHostsFile="{file}"']
    if connection.connect_timeout:
        argv += ["-o", f"ConnectTimeout={max(1, round(connection.connect_timeout))}"]
    argv += ["-o", f"ServerAliveInterval={max(1, round(connection.keepalive or 15))}"]
    if proxy:
        argv += ["-o", f"ProxyCommand={proxy}"]
    return argv


def _proxy_command(client: list[str], host: str) -> str:
    """The client as a ProxyCommand, in which ``%`` starts a token (ssh_config(5), TOKENS)."""
    words = [word.replace("%", "%%") for word in client]
    return f"{shlex.join(words)} -W '[%h]:%p' -- {shlex.quote(host.replace('%', '%%'))}"
