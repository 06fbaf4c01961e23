"""Every secret that an inventory leads to, for taking them out of what is handed on."""

import contextlib
from collections.abc import Iterator

from pydantic import BaseModel

from provisioning.model.secret import SecretError, SecretSource, reveal
from provisioning.operations.cluster_secret import known_secret
from provisioning.operations.session import Site
from provisioning.operations.support_bundle.redaction import secret_variables


def known_secrets(site: Site) -> set[str]:
    """Their values; of those that cannot be had here nothing can have come from here either."""
    found: set[str] = set()
    for source in _sources(site.inventory):
        try:
            found.add(reveal(source, site.base_dir))
        except SecretError:
            continue
    with contextlib.suppress(SecretError):
        found.add(known_secret(site) or "")
    inventory = site.inventory
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
