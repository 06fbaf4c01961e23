"""What a bundle is made from, before anything is fetched."""

from pathlib import Path, PurePosixPath

import pytest

from provisioning.facts.distribution import Distribution, UnknownDistributionError
from provisioning.operations.artifacts.fetching import companions, fetch, store_of
from provisioning.operations.bundle.apt import Source, place_of, sources_for
from provisioning.operations.bundle.errors import BundleError
from provisioning.operations.bundle.looking import named
from provisioning.operations.bundle.manifest import Package
from provisioning.operations.bundle.private import refuse_private
from provisioning.operations.bundle.pythons import packaged_python
from provisioning.operations.release import build_release
from tests.operations.bundle.made import Made, made

_HERE = Distribution("debian", "bookworm", "amd64")
_OURS = [
    Source("https://mirror/debian", "bookworm", "main"),
    Source("https://mirror/debian", "bookworm-updates", "main"),
    Source("https://mirror/debian-security", "bookworm-security", "main"),
    Source("https://mirror/debian", "bookworm-backports", "main"),
    Source("https://mirror/debian", "bookworm", "non-free"),
    Source("https://others/apt", "nodistro", "main"),
    Source("https://mirror/ubuntu", "noble", "universe"),
]


def test_sources_of_another_release() -> None:
    assert sources_for(Distribution("debian", "trixie", "amd64"), _OURS, _HERE) == [
        Source("https://mirror/debian", "trixie", "main"),
        Source("https://mirror/debian", "trixie-updates", "main"),
        Source("https://mirror/debian-security", "trixie-security", "main"),
    ]


def test_sources_that_this_machine_has_for_it() -> None:
    assert sources_for(Distribution("ubuntu", "noble", "amd64"), _OURS, _HERE) == [_OURS[-1]]


def test_no_mirror_for_it() -> None:
    with pytest.raises(BundleError, match="knows no mirror for ubuntu-jammy-amd64"):
        sources_for(Distribution("ubuntu", "jammy", "amd64"), _OURS, _HERE)


def test_an_epoch_is_in_the_name_that_apt_gives_a_file() -> None:
    package = Package(
        name="keepalived",
        version="1:2.2.7-1",
        file="keepalived_2.2.7-1_amd64.deb",
        installed=1,
        size=1,
        sha256="0" * 64,
    )
    assert place_of(Path("x"), package) == Path("x/keepalived_1%3a2.2.7-1_amd64.deb")


@pytest.mark.parametrize("text", ["trixie", "debian-trixie", "debian--amd64"])
def test_a_distribution_that_is_none(text: str) -> None:
    with pytest.raises(UnknownDistributionError, match="ID-CODENAME-ARCHITECTURE"):
        Distribution.read(text)


def test_every_host_may_be_of_a_named_distribution(tmp_path: Path) -> None:
    found = named(made(tmp_path / "x").cluster.inventory, ["debian-trixie-arm64"])
    ((distribution, names),) = found.packages.items()
    assert str(distribution) == "debian-trixie-arm64"
    assert {"keepalived", "python3-venv"} <= names
    assert [str(one) for one in found.pythons] == ["py3.13.5-aarch64-glibc2.41"]


def test_a_python_of_a_name_of_its_own() -> None:
    jammy = Distribution("ubuntu", "jammy", "amd64")
    assert packaged_python(jammy, PurePosixPath("/usr/bin/python3.11")).version == (3, 11, 0)
    with pytest.raises(BundleError, match="nothing is known of /opt/python"):
        packaged_python(jammy, PurePosixPath("/opt/python"))


def refuse(found: Made) -> None:
    manifest, _ = found.manifest()
    cluster = found.cluster
    fetch(cluster)
    release = build_release(cluster.inventory.app, cluster.base_dir, companions(cluster))
    refuse_private(cluster, release, manifest, store_of(cluster))


def test_nothing_private_is_in_it(tmp_path: Path) -> None:
    refuse(made(tmp_path / "x"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("id", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAA\n", "private key"),
        ("env", "TOKEN=0123456789abcdef0123456789abcdef", "a secret of the inventory"),
    ],
)
def test_something_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, said: str
) -> None:
    monkeypatch.setenv("BUNDLE_SECRET", "0123456789abcdef0123456789abcdef")
    found = made(tmp_path / "x")
    found.change("venv: true", "venv: true, secret: {env: BUNDLE_SECRET}")
    (found.folder / "voices" / name).write_text(content)
    with pytest.raises(BundleError, match=f"artifact voices: {name}: .*{said}"):
        refuse(found)
