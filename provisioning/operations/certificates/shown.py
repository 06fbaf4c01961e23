"""Certificates that hosts which end TLS show to clients, against those they should."""

from dataclasses import dataclass

from ...engine.fleet import Fleet
from ...facts.gather import ask
from ...facts.served_certificate import ServedCertificate, described, served_certificate
from ...model.derived.tls_hosts import python_of, tls_hosts
from ...model.tls.certificate import CertificateError, read_chain
from ...model.tls.tls import Tls
from ...transport.base import Transport
from ..cluster.certificate import CERTIFICATE
from ..cluster.cluster import Cluster
from ..faults.certificates import faults_of_shown
from ..faults.fault import Fault

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class ShownCertificates:
    """The certificates of a cluster in one look."""

    wanted: ServedCertificate | None
    """The one that they should show; nothing where this folder does not have it."""
    hosts: dict[str, ServedCertificate]
    unreachable: dict[str, str]
    """Hosts that could not be asked, and why."""
    faults: list[Fault]


def shown_certificates(cluster: Cluster, tls: Tls, fleet: Fleet) -> ShownCertificates:
    """Connect to the hosts that end TLS and ask what they show."""
    names = tls_hosts(cluster.inventory)

    def look(name: str, transport: Transport) -> ServedCertificate:
        asked = served_certificate(tls, python_of(cluster.inventory, name))
        return ask(name, transport, asked, timeout=_TIMEOUT)

    fleet.connect(names)
    hosts = fleet.each(names, look)
    wanted = _wanted(cluster, tls)
    silent = {name: str(fleet.errors[name]) for name in names if name in fleet.errors}
    gone = [
        Fault(name, f"cannot be asked: {reason}", f"bring {name} and its network back")
        for name, reason in silent.items()
    ]
    return ShownCertificates(wanted, hosts, silent, gone + faults_of_shown(tls, hosts, wanted))


def _wanted(cluster: Cluster, tls: Tls) -> ServedCertificate | None:
    path = tls.certificate or cluster.state_dir / CERTIFICATE
    try:
        return described(read_chain(path.read_text(encoding="utf-8"))[0])
    except (OSError, UnicodeDecodeError, CertificateError):
        return None
