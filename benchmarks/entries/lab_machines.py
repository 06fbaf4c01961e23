"""Machines of a lab that is up (``cluster lab up``), each with a kernel of its own, with IPVS."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.entries.machines import Machines
from provisioning.lab import processes
from provisioning.lab.running import Lab
from provisioning.lab.topology import CLIENTS, kinds

_TICKS = os.sysconf("SC_CLK_TCK")
_FREE = 199
"""The end of an address that no machine of a lab has."""


class LabMachines(Machines):
    """The first director, all real servers, and the client. Nothing needs to be deployed."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        topology = lab.topology
        self.director = topology.of_kind(kinds()["directors"])[0].name
        self.nodes = tuple(node.name for node in topology.of_kind(kinds()["real_servers"]))
        self.client = topology.of_kind(CLIENTS)[0].name
        self.vip = str(topology.lan.address(_FREE))
        kernel = self.run(self.director, "uname -r").strip()
        self.about = f"User Mode Linux {kernel}, a kernel each, {os.cpu_count()} processors"

    def command(self, name: str, argv: Sequence[str]) -> list[str]:
        if name == self.client:
            return self._lab.client_command(argv)
        return self._lab.ssh_command(name, ["sudo", *argv])

    def address(self, name: str) -> str:
        return str(self._lab.topology.node(name).address)

    def processor_time(self, name: str) -> float:
        """Of the processes that are its kernel: what it takes of this computer, interrupts too."""
        every = processes.of_lab(self._lab.name)
        return sum(_times(one.pid) for one in every if one.part == name)

    def memory(self, name: str) -> int:
        told = self.run(name, "cat /proc/meminfo")
        found = {key: int(size) for key, size in re.findall(r"^(\w+): +(\d+) kB", told, re.M)}
        return (found["MemTotal"] - found["MemAvailable"]) * 1024


def _times(pid: int) -> float:
    """Of a process and of its children that have ended (proc(5), /proc/pid/stat): a process of the
    machine's is one here, for as long as it lives."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / _TICKS
