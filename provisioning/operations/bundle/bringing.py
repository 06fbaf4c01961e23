"""Brings Debian packages of a bundle to hosts whose plans install some.

A host needs no more than apt and sh. It says itself which packages it lacks; a package gets its
name when its checksum is right, so whatever is cut goes on where it was.
"""

import gzip
from base64 import encodebytes
from collections.abc import Iterator, Mapping

from ...engine.observe import run_fragments
from ...engine.progress import Event
from ...facts.distribution import DISTRIBUTION, Distribution
from ...facts.gather import ask
from ...places import BROUGHT_PACKAGES
from ...resources.artifact import size_text
from ...resources.base import Observation
from ...resources.package import names_in
from ...resources.shell_call import quote_call
from ...transport.base import Transport
from ..operation import Operation
from ..planning import Plans
from .errors import BundleError
from .manifest import Package, Packages
from .reading import Bundle

_AT_ONCE = 2 * 1024 * 1024
"""Bytes in one script."""


def bring_packages(op: Operation, bundle: Bundle, plans: Plans) -> None:
    """Bring connected hosts the packages that their plans install. Raises ``BundleError``; a host
    that is lost on the way is in ``fleet.errors``."""
    wanted = {
        name: [one for step in plan.steps for one in names_in(step.id)]
        for name, plan in plans.hosts.items()
        if not plan.blocked
    }

    def bring(name: str, transport: Transport) -> None:
        _Host(op, bundle, name, transport).bring(wanted[name])

    op.fleet.each([name for name, names in wanted.items() if names], bring)


class _Host:
    """One host on the way to its packages."""

    def __init__(self, op: Operation, bundle: Bundle, name: str, transport: Transport) -> None:
        self._op, self._bundle, self._name, self._transport = op, bundle, name, transport

    def bring(self, names: list[str]) -> None:
        packages = self._packages(ask(self._name, self._transport, DISTRIBUTION))
        lacking = self._lacking(packages, names)
        there = self._there()
        size = sum(one.size for one in lacking) - sum(
            min(there.get(one.file, 0), one.size) for one in lacking
        )
        self._op.progress(
            Event("step", self._name, f"bring {len(lacking)} packages, {size_text(size)}")
        )
        for batch in _batches(packages, lacking, there, self._bundle):
            self._run(batch)
        self._op.progress(Event("done", self._name, f"has {len(lacking)} packages"))

    def _packages(self, distribution: Distribution) -> Packages:
        for one in self._bundle.manifest.distributions:
            if one.distribution == distribution:
                return one
        raise BundleError(
            f"{self._name}: the bundle has no packages for {distribution}; make it anew with "
            "`cluster bundle create`"
        )

    def _lacking(self, packages: Packages, names: list[str]) -> list[Package]:
        place = packages.place("Packages")
        text = b"".join(self._bundle.checked(place, packages.index))
        call = quote_call("index_packages", BROUGHT_PACKAGES, packages.index.sha256)
        lacking = quote_call("lacking_packages", BROUGHT_PACKAGES, *names)
        said = self._run({"index": f"{call} {_payload(gzip.compress(text))}", "lacking": lacking})
        known = {(one.name, one.version): one for one in packages.packages}
        words = (line.split() for line in said["lacking"].stdout.splitlines())
        return [known[name, version] for name, version in words]

    def _there(self) -> dict[str, int]:
        said = self._run({"there": quote_call("brought_packages", BROUGHT_PACKAGES)})["there"]
        words = (line.split() for line in said.stdout.splitlines())
        return {file: int(size) for size, file in words}

    def _run(self, fragments: Mapping[str, str]) -> dict[str, Observation]:
        said = run_fragments(self._name, self._transport, fragments)
        for one in said.values():
            if one.status != 0:
                reason = " / ".join(one.stderr.strip().splitlines()[-4:])
                raise BundleError(f"{self._name}: {reason or f'status {one.status}'}")
        return said


def _batches(
    packages: Packages, lacking: list[Package], there: Mapping[str, int], bundle: Bundle
) -> Iterator[dict[str, str]]:
    """Fragments that bring what is not there, as many as one script takes."""
    batch: dict[str, str] = {}
    size = 0
    for package in lacking:
        if there.get(package.file) == package.size:
            continue
        offset = there.get(f".{package.file}.part", 0)
        for piece in bundle.pieces(packages.place(package.file), package, offset):
            words = (package.file, str(offset), str(package.size), package.sha256)
            call = quote_call("receive_package", BROUGHT_PACKAGES, *words)
            batch[f"{package.file}@{offset}"] = f"{call} {_payload(piece)}"
            offset, size = offset + len(piece), size + len(piece)
            if size >= _AT_ONCE:
                yield batch
                batch, size = {}, 0
    if batch:
        yield batch


def _payload(data: bytes) -> str:
    return f"<<'BASE64'\n{encodebytes(data).decode()}BASE64"
