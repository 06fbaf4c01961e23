"""A second operator's folder goes on with the certificates that hosts have, instead of its own."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from provisioning.operations.cluster.certificate import cluster_certificate
from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.log_certificates import log_certificates
from provisioning.places import AUTHORITY_FILE, CERTIFICATE_FILE, LOG_TLS
from provisioning.roles.tls_files import LogFiles, TlsFiles
from provisioning.transport.base import Completed, Transport
from provisioning.transport.local import LocalTransport
from tests.operations.test_cluster_certificate import cluster

T = TypeVar("T")
_INVENTORY = "{authority: cluster, names: [tts.lab]}\nlogs: {hosts: {log1: 192.168.1.30}}"


class Hosts:
    """Hosts with a folder each for /etc, and the looks that were taken at them."""

    def __init__(self, root: Path) -> None:
        self.root, self.asked = root, list[str]()

    def connect(self, names: Iterable[str]) -> None:
        pass

    def each(self, names: Iterable[str], look: Callable[[str, Transport], T]) -> dict[str, T]:
        self.asked += names
        return {name: look(name, self._host(name)) for name in names}

    def put(self, name: str, path: str, text: str) -> None:
        there = Path(f"{self.root}/{name}{path}")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)

    def _host(self, name: str) -> Transport:
        etc = f"{self.root}/{name}/etc/"

        class Host(LocalTransport):
            def run(self, script: str | bytes, **more: Any) -> Completed:
                assert isinstance(script, str)
                return super().run(script.replace("/etc/cosyvoice", f"{etc}cosyvoice"), **more)

        return Host()


def seen(where: Cluster, hosts: Hosts) -> tuple[TlsFiles, LogFiles]:
    tls = cluster_certificate(where, hosts)  # type: ignore[arg-type]
    logs = log_certificates(where, hosts, tls)  # type: ignore[arg-type]
    assert tls and logs
    return tls.files, logs.files


def deploy(hosts: Hosts, tls: TlsFiles, logs: LogFiles) -> None:
    """As far as certificates are concerned."""
    for name in ("lvs1", "lvs2"):
        hosts.put(name, AUTHORITY_FILE, tls.authority or "")
    for name in ("rs1", "rs2"):
        hosts.put(name, CERTIFICATE_FILE, tls.certificate or "")
    for name, text in logs.certificates.items():
        key, mark, certificate = text.partition("-----BEGIN CERTIFICATE-----")
        hosts.put(name, f"{LOG_TLS}/key.pem", key)
        hosts.put(name, f"{LOG_TLS}/certificate.pem", mark + certificate)


def test_a_second_operator_changes_none_of_them(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path / "hosts")
    tls, logs = seen(cluster(tmp_path / "one", _INVENTORY), hosts)
    deploy(hosts, tls, logs)
    assert seen(cluster(tmp_path / "two", _INVENTORY), hosts) == (tls, logs)


def test_those_that_are_damaged_or_of_another_host_are_issued_anew(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path / "hosts")
    tls, logs = seen(cluster(tmp_path / "one", _INVENTORY), hosts)
    others = {**logs.certificates, "rs1": logs.certificates["rs2"], "rs2": "nonsense"}
    deploy(hosts, TlsFiles("nonsense", tls.authority), LogFiles(logs.trusted, others))
    anew, of_logs = seen(cluster(tmp_path / "two", _INVENTORY), hosts)
    assert anew.authority == tls.authority and anew.certificate != tls.certificate
    changed = {n for n, text in of_logs.certificates.items() if text != logs.certificates[n]}
    assert changed == {"rs1", "rs2"}
