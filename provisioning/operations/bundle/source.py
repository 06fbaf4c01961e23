"""The place where all that a deploy brings comes from: this machine, or a bundle."""

from dataclasses import dataclass
from pathlib import Path

from ...engine.progress import Event
from ...model.inventory import Inventory
from ...roles.desired import DesiredHost, desired_hosts
from ...roles.release_archive import ReleaseArchive
from ..artifacts.fetching import companions
from ..cluster.cluster import Cluster
from ..operation import Operation
from ..planning import Plans
from ..release import build_release
from ..run.truth import Truth
from .bringing import bring_packages
from .fitting import release_of
from .offline import offline
from .reading import Bundle, open_bundle
from .unpacking import unpack

_HERE = "control machine"


@dataclass(frozen=True, slots=True)
class Source:
    """The release, and the bundle that it came in."""

    release: ReleaseArchive
    bundle: Bundle | None = None

    def desired(self, inventory: Inventory, truth: Truth) -> dict[str, DesiredHost]:
        """Desired state of every host; with a bundle, by way of that. Raises ``RenderingError``."""
        wanted = desired_hosts(
            inventory, self.release, truth.runtime, truth.shared_secret, truth.tls_files
        )
        if self.bundle is None:
            return wanted
        return offline(wanted, self.bundle.manifest, inventory.app)

    def bring_packages(self, op: Operation, plans: Plans) -> None:
        """Unpack the bundle here, and bring Debian packages to hosts whose plans install some.
        Raises ``BundleError`` and ``ArtifactError``."""
        ready = any(plan.changes and not plan.blocked for plan in plans.hosts.values())
        if self.bundle is not None and ready:
            self.unpack(op)
            bring_packages(op, self.bundle, plans)

    def unpack(self, op: Operation) -> None:
        """Unpack the bundle here, where there is one. Raises ``BundleError`` and
        ``ArtifactError``."""
        if self.bundle is not None:
            unpack(self.bundle, op.cluster, lambda text: op.progress(Event("step", _HERE, text)))


def source_of(cluster: Cluster, bundle: Path | None) -> Source:
    """The source of a deploy. Raises ``BundleError``, ``ArtifactError`` and ``ReleaseError``."""
    if bundle is None:
        app = cluster.inventory.app
        return Source(build_release(app, cluster.base_dir, companions(cluster)))
    found = open_bundle(bundle)
    return Source(release_of(found, cluster), found)
