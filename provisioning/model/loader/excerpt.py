"""Excerpts of the inventory file for one line of a message: short, printable, without secrets."""

from provisioning.model.key_path import KeyPath
from provisioning.model.loader.tree import Tree

_LONGEST = 60
_HIDDEN = "(not shown)"
_SECRET = ("pass", "secret", "token", "auth_key")
_SOURCES = {"env", "file"}


def masked(path: KeyPath, tree: Tree) -> str:
    """The value as written in the file; ``(not shown)`` where the key may hold a secret."""
    value = tree.values.get(path)
    if value is None:
        return ""
    secret = any(word in str(part).lower() for part in path for word in _SECRET)
    if secret and path in tree.scalars and path[-1] not in _SOURCES and value.written:
        return _HIDDEN
    return value.written


def dotted(path: KeyPath) -> str:
    """``services[0].persistence.timeout``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shortened(part)}"
    return text.removeprefix(".")


def shortened(text: str) -> str:
    """The text on one line, cut if it is long, unprintable characters as escapes."""
    return printable(text[: _LONGEST - 1] + "…" if len(text) > _LONGEST else text)


def printable(text: str) -> str:
    """The text with escapes for characters that a terminal would act on or not show."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
