"""Counts on each host what it did: processes made, and time of its processors."""

from dataclasses import dataclass

from provisioning.engine.fleet import Fleet
from provisioning.transport.base import Conversation

_COUNT = """\
while read -r line; do
    while read -r name first second third rest; do
        case $name in cpu) busy=$((first + second + third)) ;; processes) made=$first ;; esac
    done < /proc/stat
    echo "$made $busy"
done
"""
"""Answers each line with both numbers (proc(5)), and makes no process for that."""

_TICK = 0.01
"""Seconds in which the kernel counts a processor's time."""


@dataclass(frozen=True, slots=True)
class Work:
    """The work that a host did, or had done up to a moment."""

    processes: int
    seconds: float

    def since(self, before: "Work") -> "Work":
        """Return what was done between the two."""
        return Work(self.processes - before.processes, self.seconds - before.seconds)


class Meter:
    """A conversation with every host, kept so that a look at the numbers costs it next to
    nothing."""

    def __init__(self, fleet: Fleet, hosts: list[str]) -> None:
        fleet.connect(hosts)
        self._asked: dict[str, Conversation] = {
            name: transport.converse(_COUNT) for name, transport in fleet.transports.items()
        }
        self.hosts = list(self._asked)

    def read(self) -> dict[str, Work]:
        """The numbers of every host."""
        return {name: _work(one.ask("", 30)) for name, one in self._asked.items()}

    def close(self) -> None:
        """Ends the conversations."""
        for conversation in self._asked.values():
            conversation.close()


def _work(line: str) -> Work:
    processes, ticks = line.split()
    return Work(int(processes), int(ticks) * _TICK)
