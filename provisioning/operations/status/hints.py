"""Hints: observations that may be worth a look and are no fault. Pure."""

from statistics import median

from provisioning.operations.cluster_state.state import ClusterState

_SLOW, _TIMES = 0.5, 4
"""Seconds on the way there and back, and how many times those of most hosts."""


def hints(state: ClusterState) -> list[str]:
    """In words, with the host in front."""
    return [*_slow(state), *_unasked(state)]


def _slow(state: ClusterState) -> list[str]:
    delays = {name: clock.delay for name, clock in state.clocks.items()}
    if len(delays) < 3:
        return []
    usual = median(delays.values())
    return [
        f"{name}: the look at it spent {delay:.1f} s on the way, {usual:.1f} s at most others:"
        " a slow or lossy link, or a busy sshd"
        for name, delay in delays.items()
        if delay > max(_SLOW, _TIMES * usual)
    ]


def _unasked(state: ClusterState) -> list[str]:
    return [
        f"{name}: whether others claim the VIPs could not be asked: {director.claims.problem}"
        for name, director in state.directors.items()
        if director.claims.problem
    ]
