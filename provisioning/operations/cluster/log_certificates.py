"""Certificates by which a log host and those that send to it know each other.

The cluster's own authority issues them, whoever vouches for the VIPs' certificate. They last as
long as it does: no client sees them, and one that lapses would silence a host's logs.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ...durable_file import write_durably
from ...engine.fleet import Fleet
from ...model.derived.log_peers import peer_name
from ...model.derived.resolve import managed_hosts
from ...model.inventory import Inventory
from ...model.tls.authority import Authority, issue_peer
from ...model.tls.certificate import CertificateError, ServerCertificate, read_certificate
from ...roles.tls_files import LogFiles
from .certificate import ClusterCertificate, cluster_authority, keep_authority
from .cluster import Cluster

_FILE = "log-certificates.json"
"""In a cluster's folder: key and certificate of each host that were issued last."""
_RENEWED = timedelta(days=30)


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
    now, known = datetime.now(UTC), _issued(cluster)
    return LogCertificates(
        authority,
        {
            name: _of(name, known.get(name), authority, cluster.inventory, now)
            for name in managed_hosts(cluster.inventory)
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


def _of(
    name: str,
    known: ServerCertificate | None,
    authority: Authority,
    inventory: Inventory,
    now: datetime,
) -> ServerCertificate:
    wanted = peer_name(inventory, name)
    ours = known is not None and authority.vouches_for(known.own) and known.names == (wanted,)
    if known is not None and ours and known.until - now > _RENEWED:
        return known
    return issue_peer(authority, wanted, now)


def _issued(cluster: Cluster) -> dict[str, ServerCertificate]:
    """Those that were issued here last; those that cannot be read are issued anew."""
    try:
        texts = json.loads((cluster.state_dir / _FILE).read_text(encoding="utf-8"))
        return {str(name): read_certificate(text, text) for name, text in texts.items()}
    except (OSError, ValueError, AttributeError, TypeError, CertificateError):
        return {}
