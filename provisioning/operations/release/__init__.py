"""The release of the app that real servers run, made on the control machine."""

from .building import Companions, build_release
from .errors import ReleaseError

__all__ = ["Companions", "ReleaseError", "build_release"]
