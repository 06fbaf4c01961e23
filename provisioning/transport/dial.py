"""A stream to an sshd: by TCP, through a jump host, or through a ProxyCommand."""

import socket
from dataclasses import dataclass

import paramiko

from provisioning.transport.base import UnreachableError
from provisioning.transport.deadline import Deadline
from provisioning.transport.proxy_command import ProxyCommand
from provisioning.transport.route import Endpoint

Socket = socket.socket | paramiko.Channel


@dataclass(frozen=True, slots=True)
class Stream:
    """A socket or channel, and the ProxyCommand that carries it, if one does."""

    socket: Socket
    proxy: ProxyCommand | None = None

    def close(self) -> None:
        """Ends both."""
        self.socket.close()
        if self.proxy:
            self.proxy.close()


_PROHIBITED = 1
"""OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254, 5.1)."""


def dial(endpoint: Endpoint, before: paramiko.Transport | None, deadline: Deadline) -> Stream:
    """A stream to the endpoint, through the jump host ``before`` if given.

    Raises ``UnreachableError``.
    """
    if before is not None:
        return Stream(_through(before, endpoint, deadline))
    if endpoint.proxy_command:
        try:
            proxy = ProxyCommand(endpoint.proxy_command)
        except OSError as error:
            raise UnreachableError(f"{endpoint}: no shell for the ProxyCommand: {error}") from None
        return Stream(proxy.socket, proxy)
    return Stream(_tcp(endpoint, deadline))


def _tcp(endpoint: Endpoint, deadline: Deadline) -> socket.socket:
    """Try all addresses of the name; a silent one leaves time for those after it."""
    try:
        addresses = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else error
        raise UnreachableError(
            f"{endpoint}: the name does not resolve: {reason}; see the host's address, ssh.host"
        ) from None
    reasons: list[str] = []
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        stream = socket.socket(family, kind, protocol)
        stream.settimeout(deadline.left / (len(addresses) - number))
        try:
            stream.connect(address)
        except OSError as error:
            stream.close()
            reasons.append(_why_no_tcp(error, deadline))
        else:
            # Scripts are small: they should not wait for Nagle's algorithm (tcp(7)).
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return stream
    raise UnreachableError(f"{endpoint}: {'; '.join(dict.fromkeys(reasons))}")


def _why_no_tcp(error: OSError, deadline: Deadline) -> str:
    if isinstance(error, TimeoutError):
        return (
            f"no answer within {deadline.seconds:g} s; is the host up, its address right, the "
            "port open in firewalls? (ssh.connect_timeout)"
        )
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: no sshd listens there, or a firewall refuses; see ssh.port"
    return (error.strerror or str(error)).lower()


def _through(
    jump_host: paramiko.Transport, endpoint: Endpoint, deadline: Deadline
) -> paramiko.Channel:
    try:
        return jump_host.open_channel(
            "direct-tcpip",
            (endpoint.host, endpoint.port),
            ("127.0.0.1", 0),
            timeout=deadline.left,
        )
    except paramiko.ChannelException as error:
        reason = (
            "the jump host forbids forwarding (AllowTcpForwarding, PermitOpen in its sshd_config)"
            if error.code == _PROHIBITED
            else "the jump host cannot connect there"
        )
        raise UnreachableError(f"{endpoint}: {reason}") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        reason = (
            f"no answer through the jump host within {deadline.seconds:g} s"
            if deadline.passed
            else f"the connection to the jump host broke: {error}"
        )
        raise UnreachableError(f"{endpoint}: {reason}") from None
