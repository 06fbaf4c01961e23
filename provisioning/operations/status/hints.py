"""Hints: observations that may be worth a look and are no fault. Pure."""

from statistics import median

from ...node_api import ROBOT
from ..cluster_state.state import ClusterState
from ..faults.fault import Fault

_SLOW, _TIMES = 0.5, 4
"""Seconds on the way there and back, and how many times those of most hosts."""


_LOOKS = {"exec", "history", "logs", "plan", "releases", "ssh", "status", "verify"}
"""Commands of a fix that mend nothing by themselves."""


def hints(state: ClusterState, faults: list[Fault]) -> list[str]:
    """In words, with the host in front."""
    return [
        *([state.split] if state.split else []),
        *_slow(state),
        *_unasked(state),
        *_robots(state),
        *_unexplained(faults),
    ]


def _unexplained(faults: list[Fault]) -> list[str]:
    """Faults that nothing here mends have their cause elsewhere."""
    for fault in faults:
        names = {command.split()[1] for command in fault.commands}
        if names <= _LOOKS:
            return ["`cluster doctor` looks around the hosts for the cause of what stands below"]
    return []


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


def _robots(state: ClusterState) -> list[str]:
    names = [
        name
        for name, server in state.real_servers.items()
        if server.gpus and server.gpus.cards and server.app and server.app.engine == ROBOT
    ]
    if not names:
        return []
    return [
        f"{', '.join(names)}: what speaks is a robot's voice (eSpeak NG), although there are GPUs;"
        " app: {engine: …} in the inventory says what else may (docs/engines.md)"
    ]
