"""SSH by paramiko."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import paramiko

from ..model.secrets.secret import SecretError, SecretSource, reveal
from ..model.ssh import Connection
from .base import (
    AuthenticationError,
    Completed,
    ConnectionLostError,
    SudoError,
)
from .channel import ScriptChannel
from .connect import open_connection
from .conversation import ChannelConversation, first_line
from .deadline import Deadline
from .heartbeat import Heartbeat
from .login import log_in
from .route import Endpoint, route
from .shell_start import shell_start

# Its own log shows tracebacks on standard error; what they say is explained by our errors.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_log = logging.getLogger(__name__)

_CONNECT_TIMEOUT = 10.0
_KEEPALIVE = 15.0
_CHANNEL_TIMEOUT = 30.0


def connect(
    name: str,
    connection: Connection,
    *,
    accept_new_host_keys: bool = False,
    base_dir: Path,
) -> "SSHTransport":
    """Connects and logs in, through jump hosts where there are any. Raises ``TransportError``.

    ``name`` is what the operator calls the host; relative paths start at ``base_dir``. Each hop
    may take ``connection.connect_timeout``, from the first packet to the end of the login. A
    password is shown to the host alone, not to its jump hosts.
    """
    hops = route(name, connection, base_dir)
    becomes_root = connection.sudo is not False and hops[-1].user != "root"
    sudo_password = (
        _reveal(name, "sudo_password", connection.sudo_password, base_dir, SudoError)
        if becomes_root and connection.sudo_password
        else None
    )
    with ExitStack() as ending:
        transport: paramiko.Transport | None = None
        before: Endpoint | None = None
        for hop in hops:
            deadline = Deadline(connection.connect_timeout or _CONNECT_TIMEOUT)
            _log.info("%s: connecting%s", hop, f" through {before}" if before else "")
            transport = open_connection(hop, transport, deadline, accept_new_host_keys, ending)
            password = connection.password if hop is hops[-1] else None
            log_in(transport, hop, _asking(name, password, base_dir), deadline)
            _log.info("%s: logged in after %.2f s", hop, deadline.elapsed)
            before = hop
        assert transport is not None
        heartbeat = Heartbeat(transport, connection.keepalive or _KEEPALIVE)
        heartbeat.start()
        ending.callback(heartbeat.end)
        return SSHTransport(
            name, transport, heartbeat, ending.pop_all(), becomes_root, sudo_password
        )


def _asking(name: str, source: SecretSource | None, base_dir: Path) -> Callable[[], str] | None:
    if source is None:
        return None
    return lambda: _reveal(name, "password", source, base_dir, AuthenticationError)


def _reveal(
    name: str,
    key: str,
    source: SecretSource,
    base_dir: Path,
    error_type: type[AuthenticationError] | type[SudoError],
) -> str:
    try:
        return reveal(source, base_dir)
    except SecretError as error:
        raise error_type(f"{name}: ssh.{key}: {error}") from None


class SSHTransport:
    """One SSH connection; each ``run`` is one channel of it."""

    def __init__(
        self,
        name: str,
        transport: paramiko.Transport,
        heartbeat: Heartbeat,
        ending: ExitStack,
        becomes_root: bool,
        sudo_password: str | None,
    ) -> None:
        self._name = name
        self._transport = transport
        self._heartbeat = heartbeat
        self._ending = ending
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
        start = shell_start(
            sudo=root and self._becomes_root, sudo_password=self._sudo_password, timeout=timeout
        )
        data = script.encode() if isinstance(script, str) else script
        with self._explained():
            script_channel = ScriptChannel(
                self._name, self._open(), start, timeout=timeout, on_stdout=on_stdout
            )
            return script_channel.run(data)

    def stream(
        self,
        script: str,
        *,
        root: bool,
        timeout: float | None = None,
        given: Iterable[bytes] | None = None,
        on_stdout: Callable[[bytes], None],
        on_stderr: Callable[[bytes], None],
    ) -> int:
        """As ``StreamingTransport.stream``."""
        start = shell_start(
            sudo=root and self._becomes_root,
            sudo_password=self._sudo_password,
            timeout=timeout,
            converses=given is not None,
        )
        with self._explained():
            script_channel = ScriptChannel(
                self._name,
                self._open(),
                start,
                timeout=timeout,
                on_stdout=on_stdout,
                on_stderr=on_stderr,
                keeps=False,
            )
            if given is None:
                return script_channel.run(script.encode()).status
            return script_channel.run(first_line(script), given).status

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A connection that ends because its host went silent is told so."""
        try:
            yield
        except ConnectionLostError:
            if self._heartbeat.missed:
                raise ConnectionLostError(
                    f"{self._name}: the host stopped answering; is it up, is the network? "
                    "(ssh.keepalive)"
                ) from None
            raise

    def converse(self, script: str) -> ChannelConversation:
        """As ``Transport.converse``."""
        start = shell_start(
            sudo=self._becomes_root, sudo_password=self._sudo_password, converses=True
        )
        conversation = ChannelConversation(self._name, self._open(), start)
        conversation.start(script)
        return conversation

    def close(self) -> None:
        """Closes the connection and those of its jump hosts; whatever runs on it ends with
        ``ConnectionLostError``."""
        _log.info("%s: closing the connection", self._name)
        self._ending.close()

    def _open(self) -> paramiko.Channel:
        try:
            channel = self._transport.open_session(timeout=_CHANNEL_TIMEOUT)
        except (paramiko.SSHException, OSError, EOFError) as error:
            state = "refuses a session" if self._transport.is_active() else "is gone"
            raise ConnectionLostError(
                f"{self._name}: the connection {state}: {error or 'it was closed'}"
            ) from None
        _log.info("%s: channel %d is open", self._name, channel.get_id())
        return channel
