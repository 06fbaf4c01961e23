"""Clocks agree, and something keeps them so."""

from collections.abc import Iterator

from ....facts.machine.clock_keeping import CLOCK_KEEPING, ClockKeeping
from ...cluster_state.state import ClusterState
from ...faults.clocks import clock_faults
from ..finding import Finding, Severity, on_host
from ..rule import Rule, Seen, asking

_view = asking(lambda _inventory, _name: CLOCK_KEEPING)


def _apart(seen: Seen[ClockKeeping]) -> Iterator[Finding]:
    for fault in clock_faults(seen.inventory, ClusterState(clocks=dict(seen.clocks))):
        yield Finding(
            host=fault.host,
            severity=Severity.WARNING,
            evidence=fault.text,
            cause="logs cannot be read side by side; certificates and apt's lists seem to be of"
            " another time",
            fix=fault.fix,
        )


def _unkept(seen: Seen[ClockKeeping]) -> Iterator[Finding]:
    for name, found in seen.hosts.items():
        if found.synchronized or (found.programs and found.synchronized is None):
            continue
        start = ("timedatectl", "set-ntp", "true")
        if found.programs:
            programs, fix = " and ".join(found.programs), "let it reach its servers (UDP port 123)"
            evidence = f"{programs} runs, and the clock is not synchronized"
            mend: tuple[str, ...] = ()
        else:
            evidence = "nothing runs that keeps its clock"
            mend = start if found.can else ()
            fix = on_host(name, *(start if found.can else ("apt-get", "install", "-y", "chrony")))
        yield Finding(
            host=name,
            severity=Severity.WARNING,
            evidence=evidence,
            cause="it will drift away from the others'",
            fix=fix,
            mend=mend,
        )


CLOCK_APART = Rule("clock-apart", _view, _apart)
CLOCK_UNKEPT = Rule("clock-unkept", _view, _unkept)
