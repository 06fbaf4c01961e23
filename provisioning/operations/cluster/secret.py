"""The secret by which a cluster's nodes know each other: the inventory's, or one made here once.

One that was made here is on every real server as well. A folder that does not have it (a fresh
clone of the inventory) takes it over from there, and never brings another to a cluster that has
one. It travels over SSH alone and is shown nowhere.
"""

import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ...durable_file import write_durably
from ...engine.fleet import Fleet
from ...facts.cluster_secret import CLUSTER_SECRET
from ...facts.gather import ask_each
from ...model.cluster_record import secret_id
from ...model.derived.resolve import routes_sessions
from ...model.secret import SecretSource, reveal
from ..errors import OperationError
from .cluster import Cluster

_FILE = "secret"
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ClusterSecret:
    """A secret, and where it is from."""

    value: str
    made_here: bool
    """True where it is one of ours, that is in no inventory."""
    told: str = ""
    """Things the operator should know of the choice."""


def known_secret(cluster: Cluster) -> str | None:
    """The nodes' secret as far as this folder has it; None where they have no need of one, or it
    is on the real servers alone. Raises ``SecretError``."""
    if not routes_sessions(cluster.inventory):
        return None
    if cluster.inventory.app.secret is not None:
        return reveal(cluster.inventory.app.secret, cluster.base_dir)
    path = cluster.state_dir / _FILE
    return reveal(SecretSource(file=path), cluster.base_dir) if path.exists() else None


def cluster_secret(cluster: Cluster, fleet: Fleet, remembered: str | None) -> ClusterSecret | None:
    """The nodes' secret; None where they have no need of one. Writes nothing.

    ``remembered`` is the id of the one that the cluster remembers: that one counts, wherever it is
    found. Where the cluster remembers none, the one that most real servers have does; between as
    many the folder's. Where none has any, the folder's, or a new one. Raises ``SecretError``, and
    ``OperationError`` where the cluster's is found nowhere.
    """
    known = known_secret(cluster)
    if not routes_sessions(cluster.inventory):
        return None
    if cluster.inventory.app.secret is not None and known is not None:
        return ClusterSecret(known, made_here=False)
    if known is not None and secret_id(known) == remembered:
        return ClusterSecret(known, made_here=True)
    found = _on_real_servers(cluster, fleet)
    unseen = [name for name in cluster.inventory.real_servers.hosts if name not in found]
    values = [value for value in found.values() if value]
    return _chosen(known, values, remembered, unseen)


def keep_secret(cluster: Cluster, secret: ClusterSecret) -> None:
    """Keeps one that was made here in the cluster's state folder, for its owner alone."""
    if not secret.made_here or known_secret(cluster) == secret.value:
        return
    write_durably(cluster.state_dir / _FILE, f"{secret.value}\n", mode=0o600)


def _on_real_servers(cluster: Cluster, fleet: Fleet) -> dict[str, str]:
    """Return what each reachable real server has; an empty text where that is nothing."""
    names = list(cluster.inventory.real_servers.hosts)
    fleet.connect(names)
    return ask_each(names, fleet, CLUSTER_SECRET, timeout=_TIMEOUT)


def _chosen(
    known: str | None, found: list[str], remembered: str | None, unseen: Collection[str]
) -> ClusterSecret:
    """Pure but for a new secret."""
    others = [value for value in found if value != known]
    if remembered is not None:
        for value in found:
            if secret_id(value) == remembered:
                return ClusterSecret(value, made_here=True, told=_taken_over(known, value, found))
        if found or unseen:
            where = f" (not seen: {', '.join(unseen)})" if unseen else ""
            raise OperationError(
                "the secret by which the nodes know each other is neither in this folder nor on a "
                f"real server that can be reached{where}. Deploy when one that has it is there, or "
                "from the folder that has it, or name one in the inventory (app.secret)"
            )
    if not found:
        return ClusterSecret(known or secrets.token_urlsafe(32), made_here=True)
    counts = Counter(found)
    most = max(counts.values())
    value = known if known is not None and counts[known] == most else ""
    value = value or next(one for one in found if counts[one] == most)
    told = _taken_over(known, value, found)
    if not told and others:
        told = f"{len(others)} real servers have another secret than this folder's, and get it"
    return ClusterSecret(value, made_here=True, told=told)


def _taken_over(known: str | None, value: str, found: list[str]) -> str:
    if value == known:
        return ""
    several = " that most of them have" if len(set(found)) > 1 else ""
    instead = " in place of this folder's" if known is not None else ""
    return f"the secret by which the nodes know each other: taken over from them{several}{instead}"
