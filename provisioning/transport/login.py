"""Logs in: keys first, then the password."""

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial

import paramiko

from provisioning.transport.base import AuthenticationError, UnreachableError
from provisioning.transport.deadline import Deadline
from provisioning.transport.key_ring import Identity, KeyRing, UnusableKeyError
from provisioning.transport.route import Endpoint

_log = logging.getLogger(__name__)

_KEYS_BEFORE_PASSWORD = 5
"""sshd hangs up at the sixth failure (MaxAuthTries, sshd_config(5)); one is for the password."""

_PASSWORD_METHODS = {"password", "keyboard-interactive"}


def log_in(
    transport: paramiko.Transport,
    endpoint: Endpoint,
    password: Callable[[], str] | None,
    deadline: Deadline,
) -> None:
    """Authenticates. ``password`` is only asked for where keys do not do.

    Raises ``AuthenticationError``, or ``UnreachableError`` for a connection that breaks.
    """
    with closing(KeyRing()) as ring:
        attempt = _Attempt(transport, endpoint, ring, deadline)
        if attempt.by_keys(has_password=password is not None):
            return
        if password is not None and attempt.by_password(password):
            return
        raise attempt.failure()


class _Attempt:
    def __init__(
        self,
        transport: paramiko.Transport,
        endpoint: Endpoint,
        ring: KeyRing,
        deadline: Deadline,
    ) -> None:
        self._transport, self._endpoint = transport, endpoint
        self._ring, self._deadline = ring, deadline
        self._tried: list[str] = []
        self._accepted: set[str] | None = None
        """The methods the server takes, where it has said so."""

    def by_keys(self, *, has_password: bool) -> bool:
        """Whether a key was enough."""
        user = self._endpoint.user
        for identity in self._identities():
            if has_password and len(self._tried) == _KEYS_BEFORE_PASSWORD:
                break
            self._tried.append(identity.label)
            _log.info("%s: trying %s", self._endpoint, identity.label)
            more = self._ask(partial(self._transport.auth_publickey, user, identity.key))
            if more is not None:
                # The key was right: it was enough, or the first of several factors.
                self._accepted = set(more) or None
                return not more
            if self._accepted is not None and "publickey" not in self._accepted:
                break
        return False

    def by_password(self, password: Callable[[], str]) -> bool:
        """Whether the password was enough."""
        if self._accepted is not None and not self._accepted & _PASSWORD_METHODS:
            return False
        self._tried.append("the password")
        _log.info("%s: trying the password", self._endpoint)
        more = self._ask(partial(self._transport.auth_password, self._endpoint.user, password()))
        if more:
            self._accepted = set(more)
        return more == []

    def failure(self) -> AuthenticationError:
        """Why nobody let us in."""
        parts = ["the login was refused"]
        parts.append(f"tried: {', '.join(self._tried) or 'nothing, there is no key or password'}")
        if self._accepted is not None:
            parts.append(f"the host asks for: {', '.join(sorted(self._accepted))}")
        parts += self._ring.problems
        parts.append(
            "see ssh.user, ssh.key_file, ssh.password, and on the host ~/.ssh/authorized_keys and "
            "sshd's log"
        )
        return AuthenticationError(f"{self._endpoint}: {'; '.join(parts)}")

    def _identities(self) -> Iterable[Identity]:
        endpoint = self._endpoint
        if endpoint.key_required:
            try:
                return [self._ring.from_file(file) for file in endpoint.key_files]
            except UnusableKeyError as error:
                raise AuthenticationError(f"{endpoint}: {error}") from None
        return self._ring.identities(endpoint.key_files, only_these=endpoint.only_these_keys)

    def _ask(self, ask: Callable[[], list[str]]) -> list[str] | None:
        """What the server still wants (nothing: we are in); None where it refuses."""
        self._transport.auth_timeout = self._deadline.left
        try:
            return ask()
        except paramiko.BadAuthenticationType as error:
            self._accepted = set(error.allowed_types)
            return None
        except (paramiko.SSHException, OSError, EOFError) as error:
            if self._deadline.passed:
                raise UnreachableError(
                    f"{self._endpoint}: no answer to {self._tried[-1]} within "
                    f"{self._deadline.seconds:g} s; is the host overloaded, does its name service "
                    "hang? (ssh.connect_timeout)"
                ) from None
            if self._transport.is_active():
                return None
            raise self._hung_up(error) from None

    def _hung_up(self, error: Exception) -> AuthenticationError:
        if "cannot be used for signing" in str(error):
            reason = (
                f"the agent refuses to sign with {self._tried[-1]}; unlock it, remove that key "
                "from it (ssh-add -d), or name another with ssh.key_file"
            )
        elif isinstance(error, paramiko.AuthenticationException):
            reason = (
                f"the host hung up after {len(self._tried)} tries ({', '.join(self._tried)}); its "
                "sshd grants no more (MaxAuthTries): name the right key with ssh.key_file"
            )
        else:
            reason = f"the connection broke while trying {self._tried[-1]}: {error}"
        return AuthenticationError(f"{self._endpoint}: {reason}")
