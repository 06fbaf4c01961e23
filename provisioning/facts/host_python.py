"""A host's Python, as far as it decides which wheels fit. Pure but for reading package data."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..resources.base import Observation
from .fact import Fact
from .probe import ProbeError, answer, python_probe

_OLDEST_GLIBC = 5
"""Of glibc 2.x that manylinux names (PEP 600)."""


@dataclass(frozen=True, slots=True)
class HostPython:
    """Version and platform, by which wheels are chosen; as text, all but the last number of the
    version, which decides which versions of packages fit and not which of their wheels."""

    version: tuple[int, int, int]
    machine: str
    glibc: tuple[int, int]

    def __str__(self) -> str:
        return f"py{self.version[0]}.{self.version[1]}-{self.machine}-glibc{self.glibc[0]}." + str(
            self.glibc[1]
        )

    @property
    def tags(self) -> list[str]:
        """Platforms in pip's words, the most special first: each glibc runs what was built
        for those before it (PEP 600)."""
        major, minor = self.glibc
        names = [
            f"manylinux_{major}_{number}_{self.machine}"
            for number in range(minor, _OLDEST_GLIBC - 1, -1)
        ]
        aliases = {"2014": 17, "2010": 12, "1": 5}
        names += [f"manylinux{name}_{self.machine}" for name, at in aliases.items() if minor >= at]
        return [*names, f"linux_{self.machine}"]


def oldest(kinds: Iterable[HostPython]) -> list[HostPython]:
    """The oldest of each kind: what fits it fits the others. Pure."""
    found: dict[str, HostPython] = {}
    for kind in kinds:
        found[str(kind)] = min(found.get(str(kind), kind), kind, key=lambda one: one.version)
    return [*found.values()]


def host_python(python: str) -> Fact[HostPython]:
    """Version and platform of an interpreter. Raises ``ProbeError`` where it cannot be used."""
    return Fact("host_python", python_probe("python_platform", None, python=python), _parse)


def _parse(observation: Observation) -> HostPython:
    found = answer(observation)
    if found["implementation"] != "cpython" or found["libc"] != "glibc":
        raise ProbeError(
            f"it is {found['implementation']} with {found['libc'] or 'an unknown C library'}, and "
            "wheels can be brought to CPython with glibc only"
        )
    version, glibc = found["python"], found["libc_version"]
    return HostPython((version[0], version[1], version[2]), found["machine"], (glibc[0], glibc[1]))
