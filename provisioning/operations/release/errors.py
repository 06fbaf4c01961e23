"""What goes wrong before anything reaches a host."""

from provisioning.expected_error import ExpectedError


class ReleaseError(ExpectedError):
    """The app's source cannot be made a release; the message says why and the fix."""
