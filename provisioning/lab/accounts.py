"""The account files of a machine: the host's, with the login user added. Pure. passwd(5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

_FIRST_ID = 7700


@dataclass(frozen=True)
class Accounts:
    """Texts of /etc/passwd, /etc/group and /etc/shadow."""

    passwd: str
    group: str
    shadow: str = field(repr=False)


@dataclass(frozen=True)
class Login:
    """A person's account; ``password_hash`` as in shadow(5), ``*`` for none that would match."""

    name: str
    number: int
    home: str
    password_hash: str = field(default="*", repr=False)


def free_number(host: Accounts) -> int:
    """A user and group id that the host has given to nobody."""
    used = {line.split(":")[2] for line in _lines(host.passwd, host.group) if line.count(":") > 2}
    return next(number for number in range(_FIRST_ID, 65000) if str(number) not in used)


def with_login(host: Accounts, login: Login) -> Accounts:
    """The host's accounts with this one; an account of that name the host has is left out."""
    user, number = login.name, login.number
    return Accounts(
        passwd=_set(host.passwd, user, f"{user}:x:{number}:{number}::{login.home}:/bin/bash"),
        group=_set(host.group, user, f"{user}:x:{number}:"),
        shadow=_set(host.shadow, user, f"{user}:{login.password_hash}:19000:0:99999:7:::"),
    )


def _lines(*texts: str) -> Iterable[str]:
    for text in texts:
        yield from text.splitlines()


def _set(text: str, name: str, line: str) -> str:
    others = [other for other in text.splitlines() if other.split(":")[0] != name]
    return "\n".join([*others, line]) + "\n"
