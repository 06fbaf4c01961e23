"""Why sudo did not make us root, from what it said."""

from provisioning.transport.base import SudoError

_WANTS_PASSWORD = ("password is required", "a terminal is required", "no askpass")
_MISSING = ("sudo: not found", "sudo: command not found", "command not found: sudo")
_LONGEST = 500


def sudo_error(host: str, said: str, *, password_given: bool, status: int) -> SudoError:
    """The error for a host. ``said`` is sudo's standard error; nothing secret is in it, as sudo
    repeats neither passwords nor its input."""
    text = " ".join(said.split())[-_LONGEST:].rstrip(".")
    if "incorrect password" in text or "no password was provided" in text:
        return refused_password(host)
    if any(part in text for part in _WANTS_PASSWORD) and not password_given:
        return SudoError(
            f"{host}: sudo wants a password; give ssh.sudo_password, or NOPASSWD in the host's "
            "sudoers, or log in as root (ssh.user: root)"
        )
    if any(part in text for part in _MISSING) or "Unknown command: sudo" in text:
        return SudoError(
            f"{host}: there is no sudo; install it there, or log in as root (ssh.user: root)"
        )
    if "not in the sudoers" in text or "not allowed" in text:
        return SudoError(
            f"{host}: {text}; allow it in the host's sudoers (visudo), or log in as another user "
            "(ssh.user)"
        )
    return SudoError(
        f"{host}: sudo did not run the script (status {status}): {text or 'no output'}"
    )


def refused_password(host: str) -> SudoError:
    """The error for a wrong password."""
    return SudoError(f"{host}: sudo refused the password; correct ssh.sudo_password")
