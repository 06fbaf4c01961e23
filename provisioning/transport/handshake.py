"""SSH handshake over a stream, with a check of the host's key."""

import logging

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from .base import HostKeyError, UnknownHostKeyError, UnreachableError
from .deadline import Deadline
from .dial import Socket
from .known_hosts import KnownHosts
from .route import Endpoint

_log = logging.getLogger(__name__)

_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""Key types whose signature algorithms have names of their own (RFC 8332)."""


class BrokenOffError(UnreachableError):
    """The connection broke before there was a login. sshd breaks it when too many logins are under
    way at once (MaxStartups in sshd_config(5)) or when it is restarted, so it is worth another
    try, and nothing was done on the host yet."""


def shake_hands(
    socket: Socket, endpoint: Endpoint, deadline: Deadline, *, accept_new_host_keys: bool
) -> paramiko.Transport:
    """Negotiate keys and check the host's. Raises ``UnreachableError``, ``HostKeyError``."""
    known_hosts = KnownHosts(endpoint.known_hosts)
    transport = paramiko.Transport(socket)
    try:
        _prefer(transport, known_hosts.kinds(endpoint.known_as))
        transport.banner_timeout = deadline.left
        transport.handshake_timeout = deadline.left
        transport.start_client(timeout=deadline.left)
        # start_client returns without a word when the time is up; then there is no key yet.
        key = transport.get_remote_server_key()
        known_hosts.check(endpoint.known_as, key, accept_new=accept_new_host_keys)
        _log.info("%s: %s, host key %s", endpoint, transport.remote_version, key.get_name())
    except (paramiko.SSHException, OSError, EOFError) as error:
        transport.close()
        raise _why(error, transport, endpoint, deadline) from None
    except UnknownHostKeyError as error:
        transport.close()
        raise UnknownHostKeyError(f"{endpoint.name}: {error}", error.shown) from None
    except HostKeyError as error:
        transport.close()
        raise HostKeyError(f"{endpoint.name}: {error}") from None
    except BaseException:
        transport.close()
        raise
    return transport


def _prefer(transport: paramiko.Transport, kinds: set[str]) -> None:
    wanted = {name for kind in kinds for name in _SIGNATURES.get(kind, (kind,))}
    options = transport.get_security_options()
    options.key_types = tuple(sorted(options.key_types, key=lambda name: name not in wanted))


def _why(
    error: Exception, transport: paramiko.Transport, endpoint: Endpoint, deadline: Deadline
) -> UnreachableError:
    if deadline.passed:
        return UnreachableError(
            f"{endpoint}: something accepts connections there and then sends nothing for "
            f"{deadline.seconds:g} s; is it sshd, is the host overloaded? (ssh.connect_timeout)"
        )
    if isinstance(error, IncompatiblePeer):
        return UnreachableError(
            f"{endpoint}: {error}: its sshd and this program have no algorithm in common; update "
            "the host's OpenSSH, or its sshd_config"
        )
    if not transport.remote_version:
        return BrokenOffError(
            f"{endpoint}: it closed the connection before it spoke SSH; no sshd at that port, or "
            "it turns us away (MaxStartups, a firewall, fail2ban): see its log"
        )
    return BrokenOffError(f"{endpoint}: the connection broke at its start: {error}")
