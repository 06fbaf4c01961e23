"""Those who are told when an operation on the cluster begins, ends or fails."""

from ..base import Part
from ..local_command import LocalCommand
from ..secrets.secret import Secret


class Notify(Part):
    """Hooks of long operations such as ``cluster rolling-upgrade``; each gets one JSON object."""

    command: LocalCommand | None = None
    """A program of the control machine and its arguments; the object comes on standard input."""
    webhook: Secret | None = None
    """A URL that the object is posted to; it is a secret, as whoever has it can post."""
