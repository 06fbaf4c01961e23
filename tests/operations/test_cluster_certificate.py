"""The cluster's certificate: the inventory's, or one by its own authority, which is made once."""

from pathlib import Path

import pytest

from provisioning.model.loader.load import load_inventory
from provisioning.operations.cluster.certificate import (
    ClusterCertificate,
    cluster_certificate,
    keep_certificate,
)
from provisioning.operations.cluster.cluster import Cluster
from tests.certificates import Wanted, made, write
from tests.model.marked import SMALLEST


class Directors:
    """What the directors keep; a fleet of them."""

    def __init__(self, *kept: str) -> None:
        self.kept = dict(zip(("lvs1", "lvs2"), kept, strict=False))

    def connect(self, names: list[str]) -> None:
        pass

    def each(self, names: list[str], look: object) -> dict[str, str]:
        return {name: self.kept.get(name, "") for name in names}


def cluster(folder: Path, tls: str) -> Cluster:
    folder.mkdir(exist_ok=True)
    path = folder / "inventory.yaml"
    path.write_text("\n".join({**SMALLEST, "tls": f"tls: {tls}"}.values()))
    return Cluster(load_inventory(path), path)


def found(where: Cluster, directors: Directors | None = None) -> ClusterCertificate:
    seen = cluster_certificate(where, directors or Directors())  # type: ignore[arg-type]
    assert seen is not None
    keep_certificate(where, seen)
    return seen


def test_an_authority_is_made_once_and_vouches_for_names_and_vips(tmp_path: Path) -> None:
    here = cluster(tmp_path, "{authority: cluster, names: [tts.lab]}")
    first = found(here)
    assert first.certificate.names == ("tts.lab", "192.168.1.100")
    again = found(here)
    assert again.files == first.files, "a deploy without reason would exchange it"
    modes = {path.name: path.stat().st_mode & 0o777 for path in here.state_dir.iterdir()}
    assert modes == {"authority.pem": 0o600, "certificate.pem": 0o600, "authority.crt": 0o644}
    assert "PRIVATE" not in (here.state_dir / "authority.crt").read_text()


def test_other_names_get_another_certificate_by_the_same_authority(tmp_path: Path) -> None:
    first = found(cluster(tmp_path, "{authority: cluster, names: [tts.lab]}"))
    other = found(cluster(tmp_path, "{authority: cluster, names: [other.lab]}"))
    assert other.certificate.names[0] == "other.lab"
    assert other.authority and first.authority
    assert other.authority.fingerprint == first.authority.fingerprint


@pytest.mark.parametrize("had", [False, True])
def test_a_fresh_clone_goes_on_with_the_directors_authority(had: bool, tmp_path: Path) -> None:
    there = found(cluster(tmp_path / "there", "{authority: cluster}"))
    clone = cluster(tmp_path / "clone", "{authority: cluster}")
    if had:
        found(clone)
    kept = there.files.authority or ""
    seen = found(clone, Directors("", kept))
    assert seen.files.authority == kept
    assert "taken over from directors" in seen.told
    assert ("in place of this folder's" in seen.told) is had
    assert found(clone, Directors(kept, kept)).told == ""


def test_edges_alone_keep_the_authority(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}\n"
        "edges: {vip: 192.168.1.110, hosts: {lvs1: 192.168.1.51, lvs2: 192.168.1.52}}\n"
        "tls: {authority: cluster, names: [tts.lab]}\n"
    )
    here = Cluster(load_inventory(path), path)
    first = found(here)
    assert first.certificate.names == ("tts.lab", "192.168.1.110")
    kept = found(cluster(tmp_path / "there", "{authority: cluster}")).files.authority or ""
    assert "taken over from edges" in found(here, Directors("", kept)).told


def test_the_inventorys_own_is_taken_as_it_is(tmp_path: Path) -> None:
    one = made(Wanted())
    write(tmp_path, one.pem, one.key_pem())
    here = cluster(tmp_path, "{certificate: chain.pem, key: {file: key.pem}}")
    seen = found(here)
    assert seen.files.authority is None
    assert seen.files.certificate == one.key_pem() + one.pem
    assert not here.state_dir.exists()
