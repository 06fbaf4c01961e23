"""Certificates by which hosts that exchange logs know each other: made once, and kept."""

from pathlib import Path

from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID

from provisioning.operations.cluster.cluster import Cluster
from provisioning.operations.cluster.log_certificates import (
    LogCertificates,
    keep_log_certificates,
    log_certificates,
)
from tests.operations.test_cluster_certificate import Directors, cluster, found

_LOGS = "{authority: cluster}\nlogs: {hosts: {log1: 192.168.1.30}}"


def issued(where: Cluster, directors: Directors) -> LogCertificates:
    seen = log_certificates(where, directors, None)  # type: ignore[arg-type]
    assert seen is not None
    return seen


def test_every_host_has_one_for_both_sides_and_keeps_it(tmp_path: Path) -> None:
    here = cluster(tmp_path, _LOGS)
    first = issued(here, Directors())
    assert "log1" in first.certificates and "lvs1" in first.certificates
    one = first.certificates["log1"]
    assert one.names == ("log1.logs.cosyvoice",) and first.authority.vouches_for(one.own)
    usage = one.own.extensions.get_extension_for_class(ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    keep_log_certificates(here, first)
    assert issued(here, Directors()).files == first.files, "a deploy would restart all shippers"
    modes = {path.name: path.stat().st_mode & 0o777 for path in here.state_dir.iterdir()}
    assert modes["log-certificates.json"] == 0o600 and modes["authority.pem"] == 0o600


def test_the_authority_is_that_of_the_vips_certificate(tmp_path: Path) -> None:
    here = cluster(tmp_path, _LOGS)
    tls = found(here)
    seen = log_certificates(here, Directors(), tls)  # type: ignore[arg-type]
    assert seen and tls.authority and seen.authority.fingerprint == tls.authority.fingerprint


def test_those_of_another_authority_are_issued_anew(tmp_path: Path) -> None:
    here = cluster(tmp_path / "here", _LOGS)
    first = issued(here, Directors())
    keep_log_certificates(here, first)
    there = issued(cluster(tmp_path / "there", _LOGS), Directors())
    taken = issued(here, Directors(there.authority.pem()))
    assert taken.authority.fingerprint == there.authority.fingerprint
    assert all(taken.authority.vouches_for(one.own) for one in taken.certificates.values())


def test_without_a_log_host_there_are_none(tmp_path: Path) -> None:
    assert log_certificates(cluster(tmp_path, "{authority: cluster}"), Directors(), None) is None  # type: ignore[arg-type]
