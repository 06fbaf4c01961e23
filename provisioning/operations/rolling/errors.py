"""Errors of a rolling change."""

from ...errors import ClusterError


class ActionError(ClusterError):
    """An action failed; the message says what was observed."""


class DirectorUnreachableError(ActionError):
    """An action failed because a director, or an edge alone, cannot be reached, which says nothing
    of the node."""


class PhaseError(ClusterError):
    """A phase failed; the message says what was observed."""


class PreflightError(ClusterError):
    """The batch must not begin; the message says why and what to do."""


class RunBlockedError(ClusterError):
    """Hosts stay where they are, out of service, until every director can be reached."""
