"""Secrets can be had, and only by those who should."""

from collections.abc import Iterator

from ..secrets.secret import MissingSecretError, NotAskedError, SecretError, reveal_unasked
from ..venv import PackageIndex
from ..walking import secrets as every_secret
from .finding import Context, Finding, warning


def secrets(context: Context) -> Iterator[Finding]:
    """Every secret in the inventory, tried. One that is only not here now is a warning: who checks
    an inventory need not hold its passwords."""
    for path, source in every_secret(context.inventory):
        if isinstance(source, PackageIndex) and source.url is not None:
            continue
        try:
            reveal_unasked(source, context.base_dir)
        except NotAskedError:
            # No vault is asked by who only checks an inventory.
            continue
        except MissingSecretError as error:
            yield warning(path, error.message, error.fix, "")
        except SecretError as error:
            yield Finding(path, error.message, error.fix, "")
