"""The certificate that a host ends TLS with, where this program brings it."""

from ..places import CERTIFICATE_FILE
from ..resources.base import Handler, Resource
from ..resources.directory import Directory
from ..resources.file import File
from .role_host import RoleHost


def certificate_file(host: RoleHost, again: Handler) -> list[Resource]:
    """Its folders, for root alone, and key and chain in one file; by ACME the host gets that
    itself."""
    folders: list[Resource] = [
        Directory(path="/etc/cosyvoice"),
        Directory(path=CERTIFICATE_FILE.rpartition("/")[0], mode=0o700),
    ]
    files = host.deployment.tls
    if files is None or files.certificate is None:
        return folders
    return [
        *folders,
        File(
            path=CERTIFICATE_FILE,
            content=files.certificate,
            mode=0o600,
            sensitive=True,
            triggers=(again,),
        ),
    ]
