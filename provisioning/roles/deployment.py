"""The things that a role's part of a host is made from."""

from dataclasses import dataclass

from ..model.inventory import Inventory
from ..model.runtime import Runtime
from ..model.secrets.shared_secret import SharedSecret
from .release_archive import ReleaseArchive
from .rendering import Templates
from .tls_files import TlsFiles


@dataclass(frozen=True, slots=True)
class Deployment:
    """The cluster as it is to be, for one inventory."""

    inventory: Inventory
    templates: Templates
    runtime: Runtime
    release: ReleaseArchive | None = None
    """The app's; without it the release is left out, as for looking at files only."""
    secret: SharedSecret | None = None
    """By which the nodes know each other; without it its files are left out."""
    tls: TlsFiles | None = None
    """For hosts to speak TLS with; without them their files are left out."""
