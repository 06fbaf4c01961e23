"""Hosts that a bundle is not for, and those it is: told by the probes of the plan."""

from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.facts.distribution import DISTRIBUTION
from provisioning.facts.host_python import host_python
from provisioning.model.runtime import Runtime
from provisioning.operations.bundle.fitting import release_of
from provisioning.operations.bundle.manifest import Manifest
from provisioning.operations.bundle.offline import offline
from provisioning.operations.bundle.reading import open_bundle
from provisioning.resources.base import Observation
from provisioning.resources.package import Packages
from provisioning.roles.desired import DesiredHost, desired_hosts
from tests.operations.bundle.made import Made, made
from tests.resources.host import Host


@pytest.fixture
def site(tmp_path: Path) -> Made:
    found = made(tmp_path / "site")
    found.write()
    return found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "state")


def wanted(site: Made, manifest: Manifest | None = None) -> DesiredHost:
    cluster, bundle = site.cluster, open_bundle(site.bundle)
    release = release_of(bundle, cluster)
    hosts = desired_hosts(cluster.inventory, release, Runtime())
    return offline(hosts, manifest or bundle.manifest, cluster.inventory.app)["rs1"]


def asked(host: Host, desired: DesiredHost, title: str) -> Observation:
    (one,) = [need for need in desired.requirements if title in need.title]
    return host.run(one.probe)


def ours(host: Host) -> str:
    return str(DISTRIBUTION.parse(host.run(DISTRIBUTION.fragment)))


def with_packages(desired: DesiredHost, site: Made, manifest: Manifest, *names: str) -> DesiredHost:
    """A host that wants these packages."""
    kept = replace(desired, requirements=(), resources=(Packages(names=names),))
    return offline({"x": kept}, manifest, site.cluster.inventory.app)["x"]


def test_another_distribution_is_said(site: Made, host: Host) -> None:
    manifest = open_bundle(site.bundle).manifest
    other = manifest.distributions[0].model_copy(update={"codename": "sid"})
    manifest = manifest.model_copy(update={"distributions": (other,)})
    desired = with_packages(wanted(site), site, manifest, "no-such-package")
    said = asked(host, desired, "its distribution")
    assert said.status == 1
    assert said.stdout == f"it is {ours(host)}, and the bundle is for debian-sid-amd64\n"


def test_who_lacks_nothing_may_be_of_any_distribution(site: Made, host: Host) -> None:
    manifest = open_bundle(site.bundle).manifest.model_copy(update={"distributions": ()})
    desired = with_packages(wanted(site), site, manifest, "coreutils", "dash")
    assert asked(host, desired, "its distribution").status == 0
    assert asked(host, desired, "room for the bundle's packages").status == 0


@pytest.mark.parametrize(("installed", "status"), [(1000, 0), (10**15, 1)])
def test_room(site: Made, host: Host, installed: int, status: int) -> None:
    manifest = open_bundle(site.bundle).manifest
    id, codename, architecture = ours(host).split("-")
    (one,) = manifest.distributions
    package = one.packages[0].model_copy(update={"name": "no-such", "installed": installed})
    of_ours = {"id": id, "codename": codename, "architecture": architecture}
    one = one.model_copy(update={**of_ours, "packages": (package,)})
    manifest = manifest.model_copy(update={"distributions": (one,)})
    desired = with_packages(wanted(site), site, manifest, "no-such")
    assert asked(host, desired, "its distribution").status == 0
    said = asked(host, desired, "room for the bundle's packages")
    assert said.status == status, said
    assert not status or "MB for them, and /" in said.stdout


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        ("py3.2-x86_64-glibc2.1", 1, "and the bundle is for py3.2-x86_64-glibc2.1"),
        (0, 10**15, "MB more|MB for them"),
        (0, 1, ""),
        (-1, 1, ""),
        (1, 1, "and the bundle is for py3."),
        (None, 1, ""),
    ],
)
def test_python(site: Made, host: Host, kind: str | int | None, size: int, said: str) -> None:
    """Also a release of the host's Python, counted from its own; None: of an older program."""
    fact = host_python("/usr/bin/python3")
    python = fact.parse(host.run(fact.fragment))
    major, minor, last = python.version
    if isinstance(kind, int):
        kind = str(replace(python, version=(major, minor, max(last + kind, 0))))
    manifest = open_bundle(site.bundle).manifest
    (wheels,) = manifest.pythons
    wheel = wheels.wheels[0].model_copy(update={"size": size, "unpacked": 0})
    wheels = wheels.model_copy(update={"python": kind or python.kind, "wheels": (wheel,)})
    desired = wanted(site, manifest.model_copy(update={"pythons": (wheels,)}))
    answer = asked(host, desired, "wheels for its Python")
    assert answer.status == (1 if said else 0), answer
    assert not said or any(one in answer.stdout for one in said.split("|"))
