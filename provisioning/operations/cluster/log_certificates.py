"""Certificates by which a log host and those that send to it know each other.

The cluster's own authority issues them, whoever vouches for the VIPs' certificate. They last as
long as it does: no client sees them, and one that lapses would silence a host's logs. A folder that
has none for a host takes over the one that the host has.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...durable_file import write_durably
from ...engine.fleet import Fleet
from ...facts.gather import ask_each
from ...facts.kept_certificates import LOG_CERTIFICATE
from ...model.derived.log_peers import peer_name
from ...model.derived.resolve import managed_hosts
from ...model.inventory import Inventory
from ...model.tls.authority import Authority, issue_peer
from ...model.tls.certificate import ServerCertificate
from ...roles.tls_files import LogFiles
from .certificate import ClusterCertificate, cluster_authority, keep_authority, read_kept
from .cluster import Cluster

_FILE = "log-certificates.json"
"""In a cluster's folder: key and certificate of each host that were issued last."""
_RENEWED = timedelta(days=30)
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class LogCertificates:
    """One for every host, and who vouches for them."""

    authority: Authority
    certificates: dict[str, ServerCertificate]
    told: str = ""
    """Things the operator should know of it."""

    @property
    def files(self) -> LogFiles:
        """As hosts get them."""
        texts = {name: one.pem() for name, one in self.certificates.items()}
        return LogFiles(self.authority.public_pem(), texts)


def log_certificates(
    cluster: Cluster, fleet: Fleet, tls: ClusterCertificate | None
) -> LogCertificates | None:
    """The certificates of all hosts; None without a log host. Writes nothing. Raises as
    ``cluster_certificate`` does."""
    if cluster.inventory.logs is None:
        return None
    if tls is not None and tls.authority is not None:
        authority, told = tls.authority, ""
    else:
        authority, told = cluster_authority(cluster, fleet)
    now, inventory = datetime.now(UTC), cluster.inventory
    names = list(managed_hosts(inventory))

    def good(found: dict[str, ServerCertificate]) -> dict[str, ServerCertificate]:
        return {n: one for n, one in found.items() if _is_good(one, n, authority, inventory, now)}

    known = good(_issued(cluster))
    lacking = [name for name in names if name not in known]
    if lacking:
        known |= good(_on_hosts(lacking, fleet))
    return LogCertificates(
        authority,
        {
            name: known.get(name) or issue_peer(authority, peer_name(inventory, name), now)
            for name in names
        },
        told,
    )


def keep_log_certificates(cluster: Cluster, found: LogCertificates) -> None:
    """Keep what was made here in the cluster's folder, for its owner alone."""
    keep_authority(cluster, found.authority)
    text = json.dumps(dict(found.files.certificates), indent=1) + "\n"
    path = cluster.state_dir / _FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_durably(path, text, mode=0o600)


def _is_good(
    found: ServerCertificate, name: str, authority: Authority, inventory: Inventory, now: datetime
) -> bool:
    ours = authority.vouches_for(found.own) and found.names == (peer_name(inventory, name),)
    return ours and found.until - now > _RENEWED


def _on_hosts(names: list[str], fleet: Fleet) -> dict[str, ServerCertificate]:
    """Those that another folder's deploy brought to hosts."""
    fleet.connect(names)
    kept = ask_each(names, fleet, LOG_CERTIFICATE, timeout=_TIMEOUT)
    return _readable(kept)


def _issued(cluster: Cluster) -> dict[str, ServerCertificate]:
    """Those that were issued here last; those that cannot be read are issued anew."""
    try:
        return _readable(json.loads((cluster.state_dir / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _readable(texts: dict[str, str]) -> dict[str, ServerCertificate]:
    found = {str(name): read_kept(text) for name, text in texts.items()}
    return {name: one for name, one in found.items() if one is not None}
