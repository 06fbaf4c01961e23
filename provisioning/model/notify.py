"""Who is told when an operation on the cluster begins, ends or fails."""

from typing import Annotated

from pydantic import Field

from provisioning.model.base import Part
from provisioning.model.secret import Secret


class Notify(Part):
    """Hooks of long operations such as ``cluster rolling-upgrade``; each gets one JSON object."""

    command: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """A program of the control machine and its arguments; the object comes on standard input."""
    webhook: Secret | None = None
    """A URL that the object is posted to; it is a secret, as whoever has it can post."""
