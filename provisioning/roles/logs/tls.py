"""Files by which log host and others know each other."""

from ...places import LOG_TLS
from ...resources.base import Handler, Resource
from ...resources.directory import Directory
from ...resources.file import File
from ..role_host import RoleHost

TRUSTED, CERTIFICATE, KEY = (f"{LOG_TLS}/{one}.pem" for one in ("trusted", "certificate", "key"))
_BEGINS = "-----BEGIN CERTIFICATE-----"


def log_tls(host: RoleHost, again: tuple[Handler, ...]) -> list[Resource]:
    """Their folder, for root alone, and the files in it; librelp takes key and certificate each
    from a file of its own."""
    folders: list[Resource] = [
        Directory(path=LOG_TLS.rpartition("/")[0]),
        Directory(path=LOG_TLS, mode=0o700),
    ]
    files = host.deployment.tls.logs if host.deployment.tls else None
    if files is None or host.name not in files.certificates:
        return folders
    key, mark, certificate = files.certificates[host.name].partition(_BEGINS)
    return [
        *folders,
        File(path=TRUSTED, content=files.trusted, mode=0o600, triggers=again),
        File(path=KEY, content=key, mode=0o600, sensitive=True, triggers=again),
        File(path=CERTIFICATE, content=mark + certificate, mode=0o600, triggers=again),
    ]


VALIDATE = 'rsyslogd -N1 -f "$CANDIDATE"'
"""Check of a configuration before it replaces the old one; it looks for the files above, too."""
