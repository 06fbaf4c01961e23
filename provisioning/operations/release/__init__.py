"""The release of the app that real servers run, made on the control machine."""

from provisioning.operations.release.building import build_release
from provisioning.operations.release.errors import ReleaseError

__all__ = ["ReleaseError", "build_release"]
