"""Checks on the values that resources are made of."""

import re
from posixpath import normpath

_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,199}")


def require_path(path: str) -> None:
    """Raise ``ValueError`` unless ``path`` is absolute, normal and fit for a line of text."""
    if not path.startswith("/") or path.startswith("//") or path == "/":
        raise ValueError(f"path {path!r}: give an absolute path below /")
    if normpath(path) != path:
        raise ValueError(f"path {path!r}: write it as {normpath(path)!r}")
    require_line("path", path)


def require_line(what: str, text: str) -> None:
    """Raise ``ValueError`` for control characters and what is not valid Unicode."""
    if bad := re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise ValueError(f"{what} {text!r}: holds the character {bad[0]!r}; take it out")


def require_account(what: str, name: str) -> None:
    """Raise ``ValueError`` unless ``name`` can be a user or group (useradd(8))."""
    if not _ACCOUNT.fullmatch(name):
        raise ValueError(f"{what} {name!r}: use letters, digits, _ . - and start with a letter")


def require_unit(name: str) -> None:
    """Raise ``ValueError`` unless ``name`` can be a service of systemd and Supervisor."""
    if not _UNIT.fullmatch(name):
        raise ValueError(f"service {name!r}: use letters, digits and _ . @ : - only")


def require_mode(mode: int) -> None:
    """Raise ``ValueError`` unless ``mode`` is a file mode (chmod(1))."""
    if not 0 <= mode <= 0o7777:
        raise ValueError(f"mode {mode:#o}: give permission bits between 0o0000 and 0o7777")
