"""Programs of the control machine, with their arguments."""

import shlex
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError


def _closed(command: str) -> str:
    try:
        if shlex.split(command):
            return command
        message, fix = "has no program", "write a program and its arguments, or remove the key"
    except ValueError:
        message, fix = "a quote is not closed", "close the quote or remove it"
    raise PydanticCustomError(
        "command", message, {"allowed": "a program and its arguments", "fix": fix}
    )


LocalCommand = Annotated[str, AfterValidator(_closed), Field(min_length=1, max_length=4096)]
"""A program and arguments in shell quotes; no shell runs it."""
