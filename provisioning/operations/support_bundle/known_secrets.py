"""Every secret that an inventory leads to, for taking them out of what is handed on."""

import contextlib
from collections.abc import Iterator

from pydantic import BaseModel

from ...model.secrets.secret import SecretError, SecretSource, reveal, reveal_unasked
from ..cluster.cluster import Cluster
from ..cluster.secret import kept_secrets
from .redaction import secret_variables


def known_secrets(cluster: Cluster, *, asks: bool = True) -> set[str]:
    """Their values; of those that cannot be had here nothing can have come from here either. With
    ``asks`` programs are run that print some; else those count that were run before."""
    had = reveal if asks else reveal_unasked
    found: set[str] = set()
    for source in _sources(cluster.inventory):
        try:
            found.add(had(source, cluster.base_dir))
        except SecretError:
            continue
    with contextlib.suppress(SecretError):
        found |= set(kept_secrets(cluster))
    inventory = cluster.inventory
    found |= set(secret_variables(inventory.app.environment))
    for host in inventory.real_servers.hosts.values():
        found |= set(secret_variables(host.environment))
    return found - {""}


def _sources(part: object) -> Iterator[SecretSource]:
    if isinstance(part, SecretSource):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _sources(getattr(part, name, None))
    elif isinstance(part, dict):
        for value in part.values():
            yield from _sources(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _sources(value)
