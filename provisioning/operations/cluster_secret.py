"""The secret by which a cluster's nodes know each other: the inventory's, or one made here."""

import contextlib
import os
import secrets
from pathlib import Path

from provisioning.model.resolve import routes_sessions
from provisioning.model.secret import SecretSource, reveal
from provisioning.operations.session import Site

_FILE = "secret"


def cluster_secret(site: Site) -> str | None:
    """The nodes' secret; None where they have no need of one.

    Where the inventory names none, the control machine makes one once and keeps it in the
    cluster's state folder, readable for its owner alone. Raises ``SecretError``.
    """
    if not routes_sessions(site.inventory):
        return None
    if site.inventory.app.secret is not None:
        return reveal(site.inventory.app.secret, site.base_dir)
    path = site.state_dir / _FILE
    if not path.exists():
        _make(path)
    return reveal(SecretSource(file=path), site.base_dir)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{_FILE}.{os.getpid()}")
    try:
        with open(draft, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Not a rename: whoever came first has given it to hosts already.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
