"""SSH by paramiko: its client does agent, keys, certificates and known_hosts as OpenSSH does."""

import contextlib
import logging
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko

from provisioning.model.secret import reveal
from provisioning.model.ssh import Connection
from provisioning.transport.base import (
    READ_ALL,
    AuthenticationError,
    Completed,
    ConnectionLostError,
    HostKeyError,
    SudoError,
    TransportError,
    UnreachableError,
)
from provisioning.transport.endpoint import Endpoint, resolve
from provisioning.transport.host_keys import KnownHosts

# Its own log shows tracebacks on standard error; what they say is explained by our errors.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_CONNECT_TIMEOUT = 10.0
_KEEPALIVE = 15.0
_PROMPT, _READY = b"[cluster: password]", b"[cluster: ready]\n"
"""What sudo asks with, and what the shell under it says first."""


def connect(
    name: str,
    connection: Connection,
    *,
    accept_new_host_keys: bool = False,
    base_dir: Path,
) -> "SSHTransport":
    """Connects and logs in, through jump hosts where there are any. Raises ``TransportError``."""
    endpoint = resolve(name, connection, base_dir)
    timeout = connection.connect_timeout or _CONNECT_TIMEOUT
    password = reveal(connection.password, base_dir) if connection.password else None
    clients: list[paramiko.SSHClient] = []
    try:
        sock: paramiko.Channel | paramiko.ProxyCommand | None = None
        for hop in (*endpoint.jumps, endpoint):
            if clients:
                sock = _through(clients[-1], hop, timeout)
            elif hop is endpoint and endpoint.proxy_command:
                sock = paramiko.ProxyCommand(endpoint.proxy_command)
            client = paramiko.SSHClient()
            clients.append(client)
            _log_in(client, hop, sock, password, timeout, accept_new_host_keys)
    except BaseException:
        for client in reversed(clients):
            client.close()
        raise
    transport = clients[-1].get_transport()
    assert transport is not None
    transport.set_keepalive(int(connection.keepalive or _KEEPALIVE))
    becomes_root = connection.sudo is not False and endpoint.user != "root"
    sudo_password = reveal(connection.sudo_password, base_dir) if connection.sudo_password else None
    return SSHTransport(name, clients, becomes_root, sudo_password)


def _through(client: paramiko.SSHClient, hop: Endpoint, timeout: float) -> paramiko.Channel:
    transport = client.get_transport()
    assert transport is not None
    try:
        return transport.open_channel(
            "direct-tcpip", (hop.host, hop.port), ("127.0.0.1", 0), timeout=timeout
        )
    except (paramiko.SSHException, OSError) as error:
        raise UnreachableError(
            f"{hop.name}: its jump host does not reach {hop.host}:{hop.port}: {error}"
        ) from None


def _log_in(
    client: paramiko.SSHClient,
    hop: Endpoint,
    sock: "paramiko.Channel | paramiko.ProxyCommand | None",
    password: str | None,
    timeout: float,
    accept_new: bool,
) -> None:
    known_hosts = KnownHosts(hop.known_hosts, accept_new=accept_new)
    known_hosts.load_into(client)
    client.set_missing_host_key_policy(known_hosts)
    missing = [str(file) for file in hop.key_files if hop.only_these_keys and not file.is_file()]
    if missing:
        raise AuthenticationError(f"{hop.name}: no key file {', '.join(missing)}; see ssh.key_file")
    where = f"{hop.name}: {hop.user}@{hop.host}:{hop.port}"
    files = [str(file) for file in hop.key_files if file.is_file()]
    with _explained(where, known_hosts, hop, timeout):
        client.connect(
            hop.host,
            hop.port,
            hop.user,
            password,
            # typed as one file, documented and handled as a list of them
            key_filename=files or None,  # type: ignore[arg-type]
            timeout=timeout,
            banner_timeout=timeout,
            auth_timeout=timeout,
            channel_timeout=timeout,
            allow_agent=not (hop.only_these_keys and hop.key_files),
            look_for_keys=not hop.only_these_keys,
            sock=sock,
        )
        transport = client.get_transport()
        assert transport is not None
        key = transport.get_remote_server_key()
        known_hosts.refuse_revoked(hop.known_as, key)
        if isinstance(transport.sock, socket.socket):
            # A peer that vanished is noticed when what we sent stays unanswered this long.
            milliseconds = int(2 * _KEEPALIVE * 1000)
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


@contextlib.contextmanager
def _explained(
    where: str, known_hosts: KnownHosts, hop: Endpoint, timeout: float
) -> Iterator[None]:
    try:
        yield
    except HostKeyError as error:
        raise HostKeyError(f"{hop.name}: {error}") from None
    except paramiko.BadHostKeyException as error:
        changed = known_hosts.changed(hop.known_as, error.key)
        raise HostKeyError(f"{hop.name}: {changed}") from None
    except paramiko.PasswordRequiredException:
        files = ", ".join(str(file) for file in hop.key_files) or "a default key"
        raise AuthenticationError(
            f"{where}: {files} has a passphrase; load it into ssh-agent: ssh-add"
        ) from None
    except paramiko.AuthenticationException as error:
        tried = ", ".join(str(file) for file in hop.key_files) or "agent and default keys"
        raise AuthenticationError(
            f"{where}: login refused ({error}); tried {tried}"
            f"{'' if hop.only_these_keys else ' and the agent'}; check ssh.user, ssh.key_file and "
            "the host's authorized_keys"
        ) from None
    except paramiko.ssh_exception.NoValidConnectionsError as error:
        reasons = {str(getattr(reason, "strerror", reason)) for reason in error.errors.values()}
        raise UnreachableError(f"{where}: {', '.join(sorted(reasons))}; is sshd there?") from None
    except socket.gaierror as error:
        raise UnreachableError(f"{where}: the name does not resolve: {error.strerror}") from None
    except TimeoutError:
        raise UnreachableError(f"{where}: no answer within {timeout:g} s") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise UnreachableError(f"{where}: {error or type(error).__name__}") from None


class SSHTransport:
    """One SSH connection; each ``run`` is one channel of it."""

    def __init__(
        self,
        name: str,
        clients: list[paramiko.SSHClient],
        becomes_root: bool,
        sudo_password: str | None,
    ) -> None:
        self._name = name
        self._clients = clients
        self._becomes_root = becomes_root
        self._sudo_password = sudo_password

    def run(
        self,
        script: str | bytes,
        *,
        root: bool = True,
        timeout: float | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """As ``Transport.run``."""
        data = script.encode() if isinstance(script, str) else script
        channel = self._open()
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            channel.close()

        timer = threading.Timer(timeout, stop) if timeout else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            completed = self._exchange(channel, data, root and self._becomes_root, on_stdout)
        except (paramiko.SSHException, OSError, EOFError) as error:
            if timed_out.is_set():
                raise self._too_long(timeout) from None
            raise ConnectionLostError(f"{self._name}: the connection broke: {error}") from None
        finally:
            if timer:
                timer.cancel()
            channel.close()
        if timed_out.is_set():
            raise self._too_long(timeout)
        if completed.status < 0:
            raise ConnectionLostError(f"{self._name}: the connection broke while a script ran")
        return completed

    def close(self) -> None:
        """Closes the connection and those of its jump hosts."""
        for client in reversed(self._clients):
            client.close()

    def _open(self) -> paramiko.Channel:
        transport = self._clients[-1].get_transport()
        if transport is None or not transport.is_active():
            raise ConnectionLostError(f"{self._name}: the connection is closed")
        try:
            return transport.open_session(timeout=_CONNECT_TIMEOUT)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ConnectionLostError(f"{self._name}: the connection broke: {error}") from None

    def _too_long(self, timeout: float | None) -> ConnectionLostError:
        return ConnectionLostError(f"{self._name}: a script took more than {timeout:g} s")

    def _exchange(
        self,
        channel: paramiko.Channel,
        data: bytes,
        sudo: bool,
        on_stdout: Callable[[bytes], None] | None,
    ) -> Completed:
        first = b""
        if sudo and self._sudo_password is not None:
            first = self._become_root(channel, self._sudo_password)
        else:
            channel.exec_command(f"{'sudo -n -- ' if sudo else ''}sh -c {shlex.quote(READ_ALL)}")
        errors: list[bytes] = []
        threads = [
            threading.Thread(target=_send, args=(channel, data), daemon=True),
            threading.Thread(target=_collect, args=(channel, errors), daemon=True),
        ]
        for thread in threads:
            thread.start()
        output = [first] if first else []
        if first and on_stdout:
            on_stdout(first)
        while chunk := channel.recv(65536):
            output.append(chunk)
            if on_stdout:
                on_stdout(chunk)
        status = channel.recv_exit_status()
        for thread in threads:
            thread.join()
        stderr = b"".join(errors)
        if sudo and status in (1, 127) and not output:
            self._check_sudo(stderr.decode("utf-8", "replace"))
        return Completed(b"".join(output), stderr, status)

    def _become_root(self, channel: paramiko.Channel, password: str) -> bytes:
        """Starts a shell under sudo, sending the password only when it is asked for.

        sudo reads further lines as further passwords, and reads none where it needs none; so
        nothing but the password is sent before the shell has said that it runs. Returns output
        that came after that.
        """
        shell = shlex.quote(f"printf '%s\\n' {shlex.quote(_READY.decode().strip())}; {READ_ALL}")
        channel.exec_command(f"sudo -S -p {shlex.quote(_PROMPT.decode())} -- sh -c {shell}")
        channel.set_combine_stderr(True)
        said, asked = b"", 0
        while _READY not in said:
            chunk = channel.recv(4096)
            said += chunk
            if said.count(_PROMPT) > asked:
                asked += 1
                if asked == 1:
                    channel.sendall(f"{password}\n".encode())
                    continue
                channel.shutdown_write()
                raise SudoError(f"{self._name}: sudo refused the password; see ssh.sudo_password")
            if not chunk:
                self._check_sudo(said.decode("utf-8", "replace"))
                raise SudoError(f"{self._name}: sudo ended without a word")
        channel.set_combine_stderr(False)
        return said.partition(_READY)[2]

    def _check_sudo(self, said: str) -> None:
        text = " ".join(said.replace(_PROMPT.decode(), "").split())
        if "password is required" in text or "a terminal is required" in text:
            raise SudoError(
                f"{self._name}: sudo wants a password; give ssh.sudo_password, or NOPASSWD in "
                "sudoers, or ssh.sudo: false with a root login"
            )
        if "not found" in text:
            raise SudoError(f"{self._name}: there is no sudo; install it, or log in as root")
        if "sudoers" in text or text.startswith("sudo:") or "not allowed" in text:
            raise SudoError(f"{self._name}: {text}")


def _send(channel: paramiko.Channel, data: bytes) -> None:
    # A shell that ends early closes its input; its status tells more than this error would.
    with contextlib.suppress(OSError):
        channel.sendall(data)
        channel.shutdown_write()


def _collect(channel: paramiko.Channel, into: list[bytes]) -> None:
    with contextlib.suppress(OSError):
        while chunk := channel.recv_stderr(65536):
            into.append(chunk)


__all__ = ["SSHTransport", "TransportError", "connect"]
