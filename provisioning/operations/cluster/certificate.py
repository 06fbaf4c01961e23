"""The certificate of a cluster's VIPs: the inventory's, or one by the cluster's own authority.

The authority is made once, and kept by the directors (or edges alone) as well: a folder that does
not have it (a fresh clone of the inventory) takes it over from there, so that clients which trust
it need not be told again. So it does with the certificate, which it would exchange otherwise. They
travel over SSH alone and are shown nowhere.
"""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ...durable_file import write_durably
from ...engine.fleet import Fleet
from ...facts.cluster_authority import CLUSTER_AUTHORITY
from ...facts.gather import ask_each
from ...facts.kept_certificates import TLS_CERTIFICATE
from ...model.address import IPAddress
from ...model.derived.tls_hosts import tls_hosts
from ...model.derived.way_in import client_vips, way_in, way_in_word
from ...model.inventory import Inventory
from ...model.secrets.secret import reveal
from ...model.tls.authority import Authority, issue, new_authority, read_authority
from ...model.tls.certificate import CertificateError, ServerCertificate, read_certificate
from ...model.tls.tls import Tls
from ...roles.tls_files import TlsFiles
from ..errors import OperationError
from .cluster import Cluster

CERTIFICATE = "certificate.pem"
"""In a cluster's folder: the one that its own authority issued last, with its key."""
_AUTHORITY, _PUBLIC = "authority.pem", "authority.crt"
_TIMEOUT = 30.0
_RENEWED = timedelta(days=30)
"""Time left at which the next deploy brings a new one."""


@dataclass(frozen=True, slots=True)
class ClusterCertificate:
    """The certificate TLS is spoken with, and its issuer."""

    certificate: ServerCertificate
    authority: Authority | None = None
    """The cluster's own."""
    told: str = ""
    """Things the operator should know of it."""

    @property
    def files(self) -> TlsFiles:
        """As hosts get them."""
        authority = self.authority.pem() if self.authority else None
        return TlsFiles(self.certificate.pem(), authority)


def cluster_certificate(cluster: Cluster, fleet: Fleet) -> ClusterCertificate | None:
    """The certificate that is to be served; None without TLS, and by
    ACME. Writes nothing. Raises
    ``CertificateError``, ``SecretError``, ``OSError``, and ``OperationError`` where the cluster's
    authority may be where it cannot be seen."""
    tls = cluster.inventory.tls
    if tls is None or tls.acme is not None:
        # By ACME the hosts get it themselves.
        return None
    if tls.authority is None:
        return ClusterCertificate(_written(tls, cluster.base_dir))
    authority, told = cluster_authority(cluster, fleet)
    certificate = _issued(cluster)
    if certificate is None or not _still_good(certificate, authority, cluster.inventory):
        certificate = _served(cluster.inventory, authority, fleet) or _issue(
            cluster.inventory, authority, datetime.now(UTC)
        )
    return ClusterCertificate(certificate, authority, told)


def issued_anew(cluster: Cluster, found: ClusterCertificate, now: datetime) -> ClusterCertificate:
    """One that is issued now, where the cluster's own authority does that; else what is there."""
    if found.authority is None:
        return found
    return replace(found, certificate=_issue(cluster.inventory, found.authority, now))


def keep_certificate(cluster: Cluster, found: ClusterCertificate) -> None:
    """Keep what was made here in the cluster's folder, keys for its owner alone."""
    if found.authority is None:
        return
    keep_authority(cluster, found.authority)
    _keep(cluster.state_dir / CERTIFICATE, found.certificate.pem(), 0o600)


def keep_authority(cluster: Cluster, authority: Authority) -> None:
    """Keep the cluster's own authority in its folder, the key for its owner alone."""
    _keep(cluster.state_dir / _AUTHORITY, authority.pem(), 0o600)
    _keep(cluster.state_dir / _PUBLIC, authority.public_pem(), 0o644)


def _written(tls: Tls, base_dir: Path) -> ServerCertificate:
    assert tls.certificate is not None and tls.key is not None
    return read_certificate(tls.certificate.read_text(encoding="utf-8"), reveal(tls.key, base_dir))


def cluster_authority(cluster: Cluster, fleet: Fleet) -> tuple[Authority, str]:
    """The cluster's own authority, and what the operator should know of it: the one that directors,
    or edges alone, keep counts; then the folder's; then a new one. Raises ``CertificateError``,
    ``OSError`` and ``OperationError``."""
    path = cluster.state_dir / _AUTHORITY
    ours = read_authority(path.read_text(encoding="utf-8")) if path.exists() else None
    seen = _on_hosts(cluster, fleet)
    theirs = next((text for text in seen.values() if text), None)
    if theirs is None:
        return (ours or _new_authority(cluster, seen.keys()), "")
    found = read_authority(theirs)
    if ours is None or ours.fingerprint != found.fingerprint:
        instead = " in place of this folder's" if ours else ""
        whom = f"{way_in_word(cluster.inventory)}s"
        return found, f"the cluster's certificate authority: taken over from {whom}{instead}"
    return found, ""


def _new_authority(cluster: Cluster, seen: Collection[str]) -> Authority:
    """Only where no host can have one: clients that trust theirs would refuse another's."""
    unseen = [name for name in way_in(cluster.inventory) if name not in seen]
    if unseen:
        word = way_in_word(cluster.inventory)
        one = f"an {word}" if word == "edge" else f"a {word}"
        raise OperationError(
            "the cluster's certificate authority is neither in this folder "
            f"({cluster.state_dir / _AUTHORITY}) nor on {one} that can be reached (not seen: "
            f"{', '.join(unseen)}), and clients would not trust a new one. Go on when they can be "
            "reached, or from the folder that has it"
        )
    return new_authority(cluster.inventory.name, datetime.now(UTC))


def _on_hosts(cluster: Cluster, fleet: Fleet) -> dict[str, str]:
    names = way_in(cluster.inventory)
    fleet.connect(names)
    return ask_each(names, fleet, CLUSTER_AUTHORITY, timeout=_TIMEOUT)


def _issued(cluster: Cluster) -> ServerCertificate | None:
    """The one that was issued here last; one that cannot be read is issued anew."""
    try:
        return read_kept((cluster.state_dir / CERTIFICATE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _served(inventory: Inventory, authority: Authority, fleet: Fleet) -> ServerCertificate | None:
    """The one that another folder's deploy brought to hosts, as long as it is good."""
    names = tls_hosts(inventory)
    fleet.connect(names)
    kept = ask_each(names, fleet, TLS_CERTIFICATE, timeout=_TIMEOUT)
    found = filter(None, map(read_kept, kept.values()))
    return next((one for one in found if _still_good(one, authority, inventory)), None)


def read_kept(text: str) -> ServerCertificate | None:
    """A certificate from a text that has its key as well; None where it cannot be read."""
    try:
        return read_certificate(text, text)
    except CertificateError:
        return None


def _still_good(found: ServerCertificate, authority: Authority, inventory: Inventory) -> bool:
    assert inventory.tls is not None
    wanted = {*inventory.tls.names, *map(str, _addresses(inventory))}
    left = found.until - datetime.now(UTC)
    return authority.vouches_for(found.own) and set(found.names) == wanted and left > _RENEWED


def _issue(inventory: Inventory, authority: Authority, now: datetime) -> ServerCertificate:
    assert inventory.tls is not None
    return issue(authority, inventory.tls.names, _addresses(inventory), now)


def _addresses(inventory: Inventory) -> list[IPAddress]:
    return [vip.address.ip for vip in client_vips(inventory)]


def _keep(path: Path, text: str, mode: int) -> None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    write_durably(path, text, mode=mode)
