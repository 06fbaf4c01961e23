"""What stands in the file, unless it may be a secret."""

from provisioning.model.tree import KeyPath, Tree

_HIDDEN = "(not shown)"
_SECRET = ("pass", "secret", "token", "auth_key")
_SOURCES = {"env", "file"}


def masked(path: KeyPath, tree: Tree) -> str:
    """The value as it was written; of a secret only that there is one."""
    value = tree.values.get(path)
    if value is None:
        return ""
    secret = any(word in str(part).lower() for part in path for word in _SECRET)
    if secret and path in tree.scalars and path[-1] not in _SOURCES and value.written:
        return _HIDDEN
    return value.written
