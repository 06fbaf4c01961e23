"""Machines that ``cluster lab`` makes for a role."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """The number of machines of a kind, and their size."""

    kind: str
    """One of them, for people; in the option for its memory, and in a lab's record."""
    prefix: str
    """Of their names, with a number behind."""
    first: int
    """Last number of the first one's address; ten are set aside."""
    least: int = 0
    number: int = 0
    """Without an option."""
    memory: int = 192
    """MiB of each, without an option; 0 where it has no kernel of its own."""
    own_kernel: bool = True
    """True where its work is the kernel's: IPVS, an NFS server."""
    niceness: int = 10
    """Degree to which it stands back when processors are short (nice(1))."""
    vip: int | None = None
    """Last number of the address that they share, where they have one of their own."""
