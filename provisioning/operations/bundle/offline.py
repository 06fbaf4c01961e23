"""Hosts as they are wanted, where packages come from a bundle. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from ...model.app import App
from ...places import BROUGHT_PACKAGES
from ...resources.base import Requirement, Resource
from ...resources.package import Packages
from ...resources.release import Release
from ...resources.shell_call import quote_call
from ...roles.desired import DesiredHost
from .manifest import Manifest

_ANEW = "make the bundle anew with `cluster bundle create`, which looks at the hosts"


def offline(
    desired: Mapping[str, DesiredHost], manifest: Manifest, app: App
) -> dict[str, DesiredHost]:
    """The hosts with their packages from the bundle, and with what has to hold for that: their
    distribution and Python are in it, and their disks have room."""
    return {name: _host(host, manifest, app) for name, host in desired.items()}


def _host(host: DesiredHost, manifest: Manifest, app: App) -> DesiredHost:
    resources = tuple(map(_from_bundle, host.resources))
    names = sorted({n for one in resources if isinstance(one, Packages) for n in one.names})
    release = next((one for one in resources if isinstance(one, Release)), None)
    more: list[Requirement] = []
    if names:
        more += [_distribution(names, manifest), _room(names, manifest)]
    if release is not None and manifest.release.wheels and release.name == manifest.release.id:
        more.append(_python(release, manifest, str(app.base_python)))
    return replace(host, requirements=(*host.requirements, *more), resources=resources)


def _from_bundle(resource: Resource) -> Resource:
    if isinstance(resource, Packages):
        return replace(resource, brought=BROUGHT_PACKAGES)
    return resource


def _distribution(names: list[str], manifest: Manifest) -> Requirement:
    known = [str(one.distribution) for one in manifest.distributions]
    call = quote_call("in_bundle", " ".join(known), *names)
    return Requirement("the bundle has packages for its distribution", call, _ANEW)


def _room(names: list[str], manifest: Manifest) -> Requirement:
    lines = "".join(
        f"{one.distribution} {package.name} {package.size + package.installed}\n"
        for one in manifest.distributions
        for package in one.packages
    )
    call = quote_call("room_for_packages", *names)
    return Requirement(
        "its disk has room for the bundle's packages",
        f"{call} <<'LIST'\n{lines}LIST",
        "make room there, for example with apt-get clean",
    )


def _python(release: Release, manifest: Manifest, python: str) -> Requirement:
    kinds = {
        one.python: sum(wheel.size + wheel.unpacked for wheel in one.wheels)
        for one in manifest.pythons
    }
    words = [f"{kind} {size}" for kind, size in kinds.items()]
    call = quote_call("python_in_bundle", release.directory, release.name, python, *words)
    return Requirement("the bundle has wheels for its Python, and its disk has room", call, _ANEW)
