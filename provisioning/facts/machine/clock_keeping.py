"""Programs that keep a host's clock right. Pure."""

from dataclasses import dataclass

from ...resources.base import Observation
from ..fact import Fact

_PROGRAMS = ("chronyd", "ntpd", "openntpd", "systemd-timesyncd", "ptp4l")
_FRAGMENT = (
    "timedatectl show -p CanNTP -p NTP -p NTPSynchronized 2>/dev/null || :\n"
    f"for one in {' '.join(_PROGRAMS)}; do"
    ' pidof "$one" > /dev/null && echo "Runs=$one" || :; done'
)


@dataclass(frozen=True, slots=True)
class ClockKeeping:
    """A clock and its keeper."""

    programs: tuple[str, ...]
    """Those that run."""
    synchronized: bool | None
    """The kernel's word; nothing where there is no timedatectl, or it does not tell."""
    can: bool
    """There is one that `timedatectl set-ntp true` would start."""


def _parse(found: Observation) -> ClockKeeping:
    pairs = [line.partition("=") for line in found.stdout.splitlines()]
    said = {key: value for key, _, value in pairs}
    synchronized = {"yes": True, "no": False}.get(said.get("NTPSynchronized", ""))
    programs = tuple(value for key, _, value in pairs if key == "Runs")
    return ClockKeeping(programs, synchronized, said.get("CanNTP") == "yes")


CLOCK_KEEPING = Fact("clock_keeping", _FRAGMENT, _parse)
