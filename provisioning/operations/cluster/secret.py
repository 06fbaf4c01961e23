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
from ...facts.cluster_secret import ACCEPTED_SECRETS, CLUSTER_SECRET
from ...facts.gather import gather
from ...model.cluster_record import secret_id
from ...model.derived.resolve import routes_sessions
from ...model.rotation import Phase, UnfinishedRotation
from ...model.rules.session_routing import SHORTEST_SECRET
from ...model.secrets.secret import SecretError, SecretSource, reveal
from ...model.secrets.shared_secret import SharedSecret
from ...transport.base import Transport
from ..errors import OperationError
from .cluster import Cluster

_FILE, _NEW_FILE = "secret", "secret.new"
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ClusterSecret:
    """A secret, and where it is from."""

    value: str
    made_here: bool
    """True where it is one of ours, that is in no inventory."""
    told: str = ""
    """Things the operator should know of the choice."""
    accepted: tuple[str, ...] = ()
    """Those that are good besides, while it is exchanged."""

    @property
    def shared(self) -> SharedSecret:
        """As hosts get it."""
        return SharedSecret(self.value, self.accepted)


def known_secret(cluster: Cluster) -> str | None:
    """The nodes' secret as far as this folder has it; None where they have no need of one, or it
    is on the real servers alone. Raises ``SecretError``."""
    if not routes_sessions(cluster.inventory):
        return None
    if (given := given_secret(cluster)) is not None:
        return given
    path = cluster.state_dir / _FILE
    return reveal(SecretSource(file=path), cluster.base_dir) if path.exists() else None


def cluster_secret(
    cluster: Cluster,
    fleet: Fleet,
    remembered: str | None,
    rotation: UnfinishedRotation | None = None,
) -> ClusterSecret | None:
    """The nodes' secret; None where they have no need of one. Writes nothing.

    ``remembered`` is the id of the one that the cluster remembers: that one counts, wherever it is
    found. Where the cluster remembers none, the one that most real servers have does; between as
    many the folder's. Where none has any, the folder's, or a new one. During a ``rotation`` it is
    the one that this has come to. Raises ``SecretError``, and ``OperationError`` where the
    cluster's is found nowhere.
    """
    known = known_secret(cluster)
    if not routes_sessions(cluster.inventory):
        return None
    if rotation is not None:
        return rotating_secret(cluster, fleet, rotation)
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
    path = cluster.state_dir / _FILE
    if not secret.made_here or known_secret(cluster) == secret.value:
        return
    write_durably(path, f"{secret.value}\n", mode=0o600)


def secrets_on_real_servers(cluster: Cluster, fleet: Fleet) -> dict[str, tuple[str, ...]]:
    """Return what each reachable real server has: first the one its nodes sign with (an empty text
    where that is nothing), then those that are good besides."""
    names = list(cluster.inventory.real_servers.hosts)
    fleet.connect(names)

    def look(name: str, transport: Transport) -> tuple[str, ...]:
        facts = (CLUSTER_SECRET, ACCEPTED_SECRETS)
        answers = gather(name, transport, facts, timeout=_TIMEOUT)
        return (answers[CLUSTER_SECRET], *answers[ACCEPTED_SECRETS])

    return fleet.each(names, look)


def _on_real_servers(cluster: Cluster, fleet: Fleet) -> dict[str, str]:
    """Return the one that each reachable real server signs with."""
    return {name: found[0] for name, found in secrets_on_real_servers(cluster, fleet).items()}


def given_secret(cluster: Cluster) -> str | None:
    """The inventory's own; None where it names none. Raises ``SecretError``."""
    source = cluster.inventory.app.secret
    if source is None:
        return None
    found = reveal(source, cluster.base_dir).strip()
    # Of one that a program prints, nobody has seen before how long it is.
    if len(found.encode()) < SHORTEST_SECRET:
        raise SecretError(
            f"app.secret: a secret of {len(found.encode())} bytes can be guessed",
            "make one: openssl rand -base64 32",
        )
    return found


def rotating_secret(cluster: Cluster, fleet: Fleet, rotation: UnfinishedRotation) -> ClusterSecret:
    """The nodes' secret as far as its exchange has come. Raises ``SecretError``, and
    ``OperationError`` where the one that nodes sign with is found nowhere, or the inventory names
    a third one."""
    given = given_secret(cluster)
    if given is not None and secret_id(given) != rotation.new:
        raise OperationError(
            f"{rotation}, and app.secret in the inventory is not the new one; name the new one "
            "there, and let `cluster rotate secret` finish it"
        )
    found = _by_id(cluster, fleet, rotation, given)
    signing = rotation.old if rotation.phase == Phase.ACCEPT else rotation.new
    if signing not in found:
        raise OperationError(
            f"{rotation}, and the secret that nodes sign with is neither in this folder nor on a "
            "real server that can be reached; go on when one that has it is there, or from the "
            "folder that has it"
        )
    both = tuple(found[id] for id in (rotation.old, rotation.new) if id in found)
    accepted = () if rotation.phase == Phase.FORGET else both
    return ClusterSecret(found[signing], made_here=given is None, accepted=accepted)


def keep_new_secret(cluster: Cluster, secret: str | None) -> None:
    """Keeps the one that is to come in the cluster's state folder, for its owner alone; without
    one it is forgotten there."""
    path = cluster.state_dir / _NEW_FILE
    if secret is None:
        path.unlink(missing_ok=True)
    else:
        write_durably(path, f"{secret}\n", mode=0o600)


def _by_id(
    cluster: Cluster, fleet: Fleet, rotation: UnfinishedRotation, given: str | None
) -> dict[str, str]:
    """The old and the new one, as far as they are here or on real servers, by their ids."""
    needed = {rotation.new} if rotation.phase == Phase.FORGET else {rotation.old, rotation.new}
    found = {secret_id(one): one for one in (given, *kept_secrets(cluster)) if one}
    if not needed <= found.keys():
        for theirs in secrets_on_real_servers(cluster, fleet).values():
            found |= {secret_id(one): one for one in theirs if one}
    return {id: found[id] for id in needed if id in found}


def kept_secrets(cluster: Cluster) -> list[str]:
    """Secrets in the cluster's state folder: the one that counts there, and one that is to come.
    Raises ``SecretError``."""
    paths = (cluster.state_dir / name for name in (_FILE, _NEW_FILE))
    there = [path for path in paths if path.exists()]
    return [reveal(SecretSource(file=path), cluster.base_dir) for path in there]


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
