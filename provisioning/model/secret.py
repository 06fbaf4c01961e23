"""A value that must not stand in the inventory in clear text."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from provisioning.model.base import Part


class SecretSource(Part):
    """Where a secret comes from: exactly one of the keys below, or an inline ``!vault`` block."""

    env: str | None = None
    """Name of an environment variable of the control machine."""
    file: Path | None = None
    """A file on the control machine, relative to the inventory; its last newline is dropped."""
    value: SecretStr | None = Field(default=None, exclude=True)
    """The secret itself, as a ``!vault`` block yields it. Plain text here is refused."""


def _from_scalar(value: object) -> object:
    return {"value": value} if isinstance(value, str | SecretStr) else value


Secret = Annotated[SecretSource, BeforeValidator(_from_scalar, json_schema_input_type=SecretSource)]


class SecretError(Exception):
    """A secret cannot be had; the message names its source and the fix, never the secret."""


def reveal(source: SecretSource, base_dir: Path) -> str:
    """The secret itself. Raises ``SecretError``."""
    if source.value is not None:
        return source.value.get_secret_value()
    if source.env is not None:
        if source.env not in os.environ:
            raise SecretError(f"environment variable {source.env} is not set; export it first")
        return os.environ[source.env]
    assert source.file is not None
    path = base_dir / source.file.expanduser()
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"secret file {path} cannot be read: {error}") from None
