"""Secrets can be had, and only by those who should."""

from collections.abc import Iterator

from provisioning.model.rules.finding import Context, Finding, warning
from provisioning.model.rules.places import connections
from provisioning.model.secret import MissingSecretError, SecretError, SecretSource, reveal
from provisioning.model.tree import KeyPath


def secrets(context: Context) -> Iterator[Finding]:
    """Every secret in the inventory, tried. One that is only not here now is a warning: who checks
    an inventory need not hold its passwords."""
    for path, source in _all(context):
        try:
            reveal(source, context.base_dir)
        except MissingSecretError as error:
            yield warning(path, error.message, error.fix, "")
        except SecretError as error:
            yield Finding(path, error.message, error.fix, "")


def _all(context: Context) -> Iterator[tuple[KeyPath, SecretSource]]:
    if context.inventory.vrrp.auth_pass is not None:
        yield ("vrrp", "auth_pass"), context.inventory.vrrp.auth_pass
    if context.inventory.app.secret is not None:
        yield ("app", "secret"), context.inventory.app.secret
    venv = context.inventory.app.venv
    if venv is not None and venv.index_url is not None and venv.index_url.url is None:
        yield ("app", "venv", "index_url"), venv.index_url
    for path, connection in connections(context.inventory):
        for key in ("password", "sudo_password"):
            if (source := getattr(connection, key)) is not None:
                yield (*path, key), source
