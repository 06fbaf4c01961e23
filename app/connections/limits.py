"""Limits of connections: time, size and number."""

import resource
from dataclasses import dataclass

_LEAST = 16
"""Places there are even where a shell gives next to no descriptors."""
_MOST = 32_768
"""Places beyond which memory is what runs short: 9 kB each, more with half a head."""
_WANTED = 65_536
"""Descriptors; no more, for some programs that are started look at each that there may be."""
_PER_WORKER = 8
"""Descriptors of one worker, and of the next one that loads beside it."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Times are in seconds, sizes in bytes."""

    places: int
    """Connections at a time."""
    places_of_one: int
    """Connections of one address at a time."""
    at_once: int
    """Connections that are taken from the kernel before any is looked at; they are beyond
    ``places`` for a moment."""
    head_time: float = 15
    """For the whole head of a request, or for nothing at all."""
    head_size: int = 64 << 10
    body_pause: float = 30
    """Seconds a body may stand still while the node wants more of it."""
    body_rate: float = 500
    """Bytes a second that a body has to come with in the long run."""
    answer_pause: float = 120
    """Seconds a client may take nothing of an answer that waits for it. Its system asks for more
    when it has room for a good part of its buffer, minutes apart for a player of low bit rate."""
    answer_rate: float = 500
    """Bytes a second of such an answer that have to be taken in the long run."""
    farewell: float = 2
    """For a client to stop sending and read why it is sent away."""


def raise_descriptors() -> None:
    """Let the process have the descriptors that it may have: a shell's 1,024, and Supervisor's, are
    what programs with select(2) can bear, not what the system allows."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if most == resource.RLIM_INFINITY else min(most, _WANTED)
    if usual != resource.RLIM_INFINITY and usual < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def limits_of_process(places_of_one: int, workers: int) -> ConnectionLimits:
    """Derive the limits from the process's descriptors; 0 places of one are no limit of their
    own."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return allowed_by(descriptors, places_of_one, workers)


def allowed_by(descriptors: int, places_of_one: int, workers: int) -> ConnectionLimits:
    """The limits for so many descriptors; RLIM_INFINITY is as many as you like.

    Every connection may need a second descriptor: of the node that its request is passed to, or of
    the file that it sends or asks for. And the node has some of its own. The last eighth of the
    places is never one address's alone, so that directors and operators get through beside it.
    """
    if descriptors == resource.RLIM_INFINITY:
        descriptors = 4 * _MOST
    spare = max(32, descriptors // 8) + workers * _PER_WORKER
    places = min(max((descriptors - spare) // 2, _LEAST), _MOST)
    return ConnectionLimits(
        places,
        min(places_of_one or places, places - places // 8),
        at_once=min(max(spare // 8, 1), 64),
    )
