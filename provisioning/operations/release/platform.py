"""The Python of a host, as far as it decides which wheels fit. Pure."""

from dataclasses import dataclass

from provisioning.operations.probes.fragment import ProbeError, answer, python_probe
from provisioning.resources.base import Observation

_OLDEST_GLIBC = 5
"""Of glibc 2.x that manylinux names (PEP 600)."""


@dataclass(frozen=True, slots=True)
class HostPython:
    """Which wheels can be used."""

    version: tuple[int, int]
    machine: str
    glibc: tuple[int, int]

    def __str__(self) -> str:
        return f"py{self.version[0]}.{self.version[1]}-{self.machine}-glibc{self.glibc[0]}." + str(
            self.glibc[1]
        )

    @property
    def tags(self) -> list[str]:
        """What pip calls its platforms, the most special first: each glibc runs what was built
        for those before it (PEP 600)."""
        major, minor = self.glibc
        names = [
            f"manylinux_{major}_{number}_{self.machine}"
            for number in range(minor, _OLDEST_GLIBC - 1, -1)
        ]
        aliases = {"2014": 17, "2010": 12, "1": 5}
        names += [f"manylinux{name}_{self.machine}" for name, at in aliases.items() if minor >= at]
        return [*names, f"linux_{self.machine}"]


def question(python: str) -> str:
    """Fragment that asks an interpreter."""
    return python_probe("python_platform", None, python=python)


def host_python(said: Observation) -> HostPython:
    """What it answered. Raises ``ProbeError``."""
    found = answer(said)
    if found["implementation"] != "cpython" or found["libc"] != "glibc":
        raise ProbeError(
            f"it is {found['implementation']} with {found['libc'] or 'an unknown C library'}, and "
            "wheels can be brought to CPython with glibc only"
        )
    version, glibc = found["python"], found["libc_version"]
    return HostPython((version[0], version[1]), found["machine"], (glibc[0], glibc[1]))
