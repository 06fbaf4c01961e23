"""Start of a script on a host: the command that runs it, and the bytes sent before it.

A script is sent over standard input, so that no process list shows it. The shell that will run it
first prints a random mark on standard output and standard error. Anything before the mark is
not the script's: greetings of a login shell's rc files, or sudo's reasons for saying no. No mark
means that nothing of the script has run.

sudo with a password takes lines of input as passwords, as many as it asks for, and none where it
asks for none. So only the password is sent at first; the rest follows once the mark is there,
behind a line with the mark again, up to which the shell drops what sudo left over. A password
that is not wanted is never run as a command, and a script never read as a password.
"""

import secrets
from dataclasses import dataclass

_READ_ALL = 'eval "$(cat)"'
"""Read the script whole before any of it runs. ``sh -s`` would read a byte at a time (12 s for
60 KiB on a slow kernel), as the script's commands might want the rest."""

_READ_LINE = 'IFS= read -r line; eval "$(printf %s "$line" | base64 -d)"'
"""Take the script from one line; the script gets the input that follows."""

_REMOTE_GRACE = 2.0
_KILL_AFTER = 5


@dataclass(frozen=True, slots=True)
class ShellStart:
    """One start of a shell. The words in ``argv`` hold nothing but what every login shell (csh and
    fish as well) takes as it is inside single quotes."""

    argv: tuple[str, ...]
    mark: bytes
    """A line of its own."""
    prompt: bytes = b""
    """Text with which sudo asks for the password."""
    first: bytes = b""
    """To be sent at once, and nothing else before the mark has come."""
    then: bytes = b""
    """To be sent before the script."""


def shell_start(
    *,
    sudo: bool = False,
    sudo_password: str | None = None,
    timeout: float | None = None,
    converses: bool = False,
) -> ShellStart:
    """The start of a script, as root through sudo where ``sudo``.

    A script that runs longer than ``timeout`` seconds is ended by the host too (timeout(1)), a
    little later, so that the caller is the first to know. One that ``converses`` comes as one line
    of base64, and what comes after it is its input.
    """
    read = _READ_LINE if converses else _READ_ALL
    token = f"cluster-{secrets.token_hex(12)}"
    ended = ["timeout", "-k", str(_KILL_AFTER), f"{timeout + _REMOTE_GRACE:.3f}"] if timeout else []
    mark = f"{token}\n".encode()
    say = f"echo {token}; echo {token} >&2"
    plain = [*ended, "sh", "-c", f"{say}; {read}"]
    if not sudo:
        return ShellStart(tuple(plain), mark)
    if sudo_password is None:
        return ShellStart(("sudo", "-n", "--", *plain), mark)
    prompt = f"{token} password: "
    skip = f'until [ "$line" = {token} ]; do IFS= read -r line || exit 97; done'
    shell = [*ended, "sh", "-c", f"{say}; {skip}; {read}"]
    return ShellStart(
        ("sudo", "-S", "-p", prompt, "--", *shell),
        mark,
        prompt.encode(),
        f"{sudo_password}\n".encode(),
        mark,
    )


class AfterMark:
    """Pass on the part of a stream after the mark."""

    _KEPT = 65536

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.before = b""
        """The bytes before the mark; of many, the last."""
        self.found = False

    def feed(self, data: bytes) -> bytes:
        """The part of ``data`` that comes after the mark."""
        if self.found:
            return data
        self.before += data
        before, mark, after = self.before.partition(self._mark)
        if mark:
            self.found = True
            self.before = before
            return after
        self.before = self.before[-self._KEPT :]
        return b""
