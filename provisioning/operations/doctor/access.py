"""Hosts that could not be looked at: no way there, another host key, no login, no root."""

from collections.abc import Iterator, Mapping

from ...model.derived.resolve import connection_of
from ...model.inventory import Inventory
from ...transport.base import AuthenticationError, HostKeyError, SudoError, TransportError
from .finding import Finding

UNREACHABLE, HOST_KEY, LOGIN, SUDO = "unreachable", "host-key", "login", "sudo"
IDS = (UNREACHABLE, HOST_KEY, LOGIN, SUDO)
"""Rules about access; unlike the others they need no answer of the host."""


def access_findings(inventory: Inventory, errors: Mapping[str, TransportError]) -> list[Finding]:
    """One for each host. Pure."""
    return [one for name, error in errors.items() for one in _of(inventory, name, error)]


def _of(inventory: Inventory, name: str, error: TransportError) -> Iterator[Finding]:
    said = str(error).removeprefix(f"{name}: ")
    connection = connection_of(inventory, name)
    match error:
        case HostKeyError():
            rule, cause = HOST_KEY, "SSH does not believe that this is the host"
            fix = "compare the keys, and do what is said there"
        case AuthenticationError():
            rule, cause = LOGIN, "nobody is let in by these keys or passwords"
            fix = f"set right what is said there; `cluster ssh {name}` shows it"
        case SudoError():
            rule = SUDO
            cause = f"a deploy is one script as root, and {connection.user or 'the user'} is not"
            fix = (
                "let sudo do it without a password (NOPASSWD in sudoers), or give"
                f" ssh.sudo_password; `cluster exec --root {name} -- true` tries it"
            )
        case _:
            rule, cause = UNREACHABLE, "nothing can be told or changed there"
            fix = f"bring {name} and its network back; `cluster ssh {name}` has to work"
    yield Finding(host=name, evidence=said, cause=cause, fix=fix, rule=rule)
