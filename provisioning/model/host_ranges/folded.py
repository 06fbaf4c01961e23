"""Names as ranges, the way clush(1) and Slurm write them: ``rs[001-006,009],lvs1``.

``ranges.expand`` reads each of them again, so what is printed can be given to ``--limit``.
"""

from collections.abc import Iterable


def folded(names: Iterable[str]) -> str:
    """The names in ranges, in the order of their numbers."""
    # Imported for many hosts alone; it takes a while.
    from ClusterShell.NodeSet import RESOLVER_NOGROUP, NodeSet

    return str(NodeSet.fromlist(list(names), resolver=RESOLVER_NOGROUP))
