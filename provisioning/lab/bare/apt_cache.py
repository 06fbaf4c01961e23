"""A cache for apt on this computer: bare machines have no other way to packages.

nginx fetches from the mirror that this computer's own apt uses, keeps what it fetched for all labs,
and listens on a Unix socket, to which the lab's forwarder leads from an address of the LAN.
"""

from pathlib import Path
from urllib.parse import urlsplit

from .. import processes
from ..topology import Lan
from .mirror import Mirror

PART = "apt-cache"
PORT = 3142
"""The port of the switch's address, customary for caches of apt."""
_ARCHIVE, _SECURITY = "debian", "debian-security"


def seen_from(lan: Lan, mirror: Mirror) -> Mirror:
    """The mirror as the machines see it. Pure."""
    base = f"http://{lan.control}:{PORT}"
    return Mirror(f"{base}/{_ARCHIVE}", f"{base}/{_SECURITY}" if mirror.security else None)


def configuration(mirror: Mirror, socket: Path, folder: Path) -> str:
    """nginx's, with what it fetches and its temporary files below ``folder``. Pure."""
    locations = _location(_ARCHIVE, mirror.archive)
    if mirror.security:
        locations += _location(_SECURITY, mirror.security)
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/temporary;"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""\
daemon off;
user www-data;
worker_processes 1;
pid {socket}.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
{temporary}
    proxy_cache_path {folder}/packages levels=1:2 keys_zone=apt:8m max_size=4g inactive=60d
        use_temp_path=off;
    proxy_cache apt;
    proxy_cache_key $uri;
    proxy_cache_revalidate on;
    # Machines that ask for the same package at once wait for one fetch.
    proxy_cache_lock on;
    proxy_cache_lock_age 60s;
    proxy_cache_lock_timeout 60s;
    proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_ssl_server_name on;
    server {{
        listen unix:{socket};
{locations}\
    }}
}}
"""


def start(lab: str, mirror: Mirror, socket: Path, folder: Path, log: Path) -> None:
    """Start the cache; it ends with the lab."""
    folder.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    file = socket.with_suffix(".conf")
    file.write_text(configuration(mirror, socket, folder), "utf-8")
    # nginx writes over its environment, and the lab's mark with it: what starts it keeps the mark.
    keeper = ["unshare", "--pid", "--fork", "--kill-child"]
    processes.start([*keeper, "nginx", "-e", "stderr", "-c", str(file)], lab, PART, log)


def _location(name: str, upstream: str) -> str:
    address = urlsplit(upstream)
    way = (
        f"rewrite ^/{name}/(.*)$ {address.path}/$1 break;"
        f" proxy_pass {address.scheme}://{address.netloc};"
    )
    return f"""\
        location /{name}/ {{
            {way}
            proxy_cache_valid 200 30s;
            # Packages, and indexes by their checksum, never change.
            location ~ (\\.deb$|/by-hash/) {{
                {way}
                proxy_cache_valid 200 60d;
            }}
        }}
"""
