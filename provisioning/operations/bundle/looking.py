"""The machines that a bundle is for: distributions and Pythons, as hosts have them or by name."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...engine.fleet import Fleet
from ...facts.distribution import DISTRIBUTION, Distribution
from ...facts.gather import gather
from ...facts.host_python import HostPython, host_python, oldest
from ...facts.probe import ProbeError
from ...model.derived.resolve import all_hosts
from ...model.inventory import Inventory
from ...model.runtime import Runtime
from ...resources.package import Packages
from ...roles.desired import desired_hosts
from ...transport.base import Transport
from ..host_words import of_host
from .errors import BundleError
from .pythons import packaged_python


@dataclass(slots=True)
class Machines:
    """Distributions with the packages that are wanted on them, and Pythons of real servers."""

    packages: dict[Distribution, set[str]] = field(default_factory=dict)
    pythons: list[HostPython] = field(default_factory=list)

    def add(self, distribution: Distribution, names: Iterable[str]) -> None:
        """Add packages for a distribution."""
        self.packages.setdefault(distribution, set()).update(names)

    def add_python(self, python: HostPython) -> None:
        """Add a Python."""
        self.pythons = oldest([*self.pythons, python])


def named(inventory: Inventory, names: Iterable[str]) -> Machines:
    """Machines of these distributions, each of which may be any of the hosts. Raises
    ``BundleError`` and ``UnknownDistributionError``."""
    found = Machines()
    every = {name for wanted in _wanted(inventory).values() for name in wanted}
    for distribution in map(Distribution.read, names):
        found.add(distribution, every)
        if inventory.app.venv is not None:
            found.add_python(packaged_python(distribution, inventory.app.base_python))
    return found


def looked_at(inventory: Inventory, fleet: Fleet) -> Machines:
    """Machines as the hosts are. Raises ``BundleError`` where one cannot be looked at."""
    found, wanted = Machines(), _wanted(inventory)
    python = host_python(str(inventory.app.base_python))

    def look(name: str, transport: Transport) -> tuple[Distribution, HostPython | None]:
        if name not in inventory.real_servers.hosts or inventory.app.venv is None:
            return gather(name, transport, (DISTRIBUTION,))[DISTRIBUTION], None
        answers = gather(name, transport, (DISTRIBUTION, python))
        try:
            return answers[DISTRIBUTION], answers[python]
        except ProbeError:
            there = answers[DISTRIBUTION]
            return there, packaged_python(there, inventory.app.base_python)

    for name, (distribution, kind) in fleet.each_at_once(all_hosts(inventory), look).items():
        found.add(distribution, wanted[name])
        if kind is not None:
            found.add_python(kind)
    if fleet.errors:
        reasons = "; ".join(of_host(name, str(error)) for name, error in fleet.errors.items())
        raise BundleError(
            f"{reasons}. Where this machine reaches no hosts, name their distributions: "
            "--for debian-trixie-amd64"
        )
    return found


def _wanted(inventory: Inventory) -> dict[str, list[str]]:
    """Packages of each host."""
    return {
        name: [one for r in host.resources if isinstance(r, Packages) for one in r.names]
        for name, host in desired_hosts(inventory, None, Runtime()).items()
    }
