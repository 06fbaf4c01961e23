"""A value that must not stand in the inventory in clear text."""

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
