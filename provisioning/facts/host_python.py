"""A host's Python, as far as it decides which wheels fit. Pure but for reading package data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ..resources.base import Observation
from .fact import Fact
from .probe import ProbeError, answer, python_probe

_OLDEST_GLIBC = 5
"""Of glibc 2.x that manylinux names (PEP 600)."""


@dataclass(frozen=True, slots=True)
class HostPython:
    """Version and platform, by which wheels are chosen; as text ``py3.11.2-x86_64-glibc2.36``."""

    version: tuple[int, int, int]
    machine: str
    glibc: tuple[int, int]

    def __str__(self) -> str:
        return f"py{_dotted(self.version)}-{self.machine}-glibc{_dotted(self.glibc)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``str`` wrote; without a release (``py3.11-…``) the oldest is meant. Raises
        ``ValueError``."""
        python, machine, libc = text.split("-")
        major, minor, *rest = _numbers(python.removeprefix("py"))
        glibc = _numbers(libc.removeprefix("glibc"))
        return cls((major, minor, rest[0] if rest else 0), machine, (glibc[0], glibc[1]))

    @property
    def kind(self) -> str:
        """Text without the release of Python, which decides which versions of packages fit, and
        not which of their wheels."""
        return f"py{_dotted(self.version[:2])}-{self.machine}-glibc{_dotted(self.glibc)}"

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


def oldest(pythons: Iterable[HostPython]) -> list[HostPython]:
    """The oldest of each kind: what fits it fits the others. Pure."""
    found: dict[str, HostPython] = {}
    for one in pythons:
        found[one.kind] = min(found.get(one.kind, one), one, key=lambda each: each.version)
    return [*found.values()]


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _numbers(dotted: str) -> list[int]:
    return [int(number) for number in dotted.split(".")]


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
