"""In which order hosts are changed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from provisioning.engine.plan import HostPlan

Gate = Literal["every", "some", "none"]
"""How many hosts of a wave must be well for later waves to start."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Hosts that may be changed while no other wave's are."""

    title: str
    hosts: tuple[str, ...]
    gate: Gate = "some"
    role: str = ""
    """Key of the inventory's group whose hosts they are, where it is one group's."""

    def passed(self, well: int, bad: int) -> bool:
        """Whether later waves may start, given how many hosts are well and how many are not."""
        needed = {"every": bad == 0, "some": well > 0 or bad == 0, "none": True}
        return needed[self.gate]


def batches(
    wave: Wave, plans: dict[str, HostPlan], *, forks: int, batch: int
) -> Iterator[tuple[str, ...]]:
    """Cuts a wave into sets of hosts that are changed at the same time.

    Hosts where nothing that runs is disturbed go ``forks`` at a time; the others go ``batch`` at
    a time, so that a wave never takes a service down as a whole.
    """
    changing = [name for name in wave.hosts if name in plans and plans[name].changes]
    calm = [name for name in changing if not plans[name].disruptive]
    disturbed = [name for name in changing if plans[name].disruptive]
    for hosts, width in ((calm, forks), (disturbed, batch)):
        for start in range(0, len(hosts), width):
            yield tuple(hosts[start : start + width])
