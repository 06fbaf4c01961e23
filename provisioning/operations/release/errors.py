"""What goes wrong before anything reaches a host."""


class ReleaseError(Exception):
    """The app's source cannot be made a release; the message says why and the fix."""
