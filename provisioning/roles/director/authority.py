"""The cluster's own certificate authority, in the keeping of a director, or of an edge where there
is none."""

from ...places import AUTHORITY_FILE
from ...resources.base import Resource
from ...resources.directory import Directory
from ...resources.file import File
from ..role_host import RoleHost


def authority(host: RoleHost) -> list[Resource]:
    """Its key and certificate, so that no folder of one control machine is all there is of it."""
    files = host.deployment.tls
    if files is None or files.authority is None:
        return []
    return [
        Directory(path=AUTHORITY_FILE.rpartition("/")[0]),
        File(path=AUTHORITY_FILE, content=files.authority, mode=0o600, sensitive=True),
    ]
