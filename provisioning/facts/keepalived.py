"""Keepalived's processes on a director. Pure."""

from provisioning.facts.fact import Fact, succeeded
from provisioning.places import GUARD
from provisioning.resources.base import Observation


def _lines(found: Observation) -> tuple[str, ...]:
    return tuple(found.stdout.splitlines())


KEEPALIVED_RUNS = Fact("keepalived_runs", "pidof keepalived", succeeded)
"""True if there is any process of it."""

KEEPALIVED_HANGS = Fact("keepalived_hangs", f"[ ! -x {GUARD} ] || {GUARD} alive", _lines)
"""Processes of it that are there and do not live, each in the guard's words."""

KEEPALIVED_REPLACED = Fact(
    "keepalived_replaced",
    "case $(readlink /proc/$(pgrep -o -x keepalived)/exe) in *' (deleted)') exit 0 ;; esac; exit 1",
    succeeded,
)
"""True if the program that runs is not the one on the disk any more."""
