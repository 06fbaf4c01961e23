"""Those who are told when an operation on the cluster begins, ends or fails."""

import shlex
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..base import Part
from ..secret import Secret


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


class Notify(Part):
    """Hooks of long operations such as ``cluster rolling-upgrade``; each gets one JSON object."""

    command: (
        Annotated[str, AfterValidator(_closed), Field(min_length=1, max_length=4096)] | None
    ) = None
    """A program of the control machine and its arguments; the object comes on standard input."""
    webhook: Secret | None = None
    """A URL that the object is posted to; it is a secret, as whoever has it can post."""
