"""Nginx before nodes of the app, as a balancer that knows nothing of sessions is configured."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from tests.ports import free_port

_CONFIGURATION = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream nodes {{
{servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""
_PATIENCE = 60.0
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
"""None where it is not installed."""


@contextlib.contextmanager
def nginx_before(nodes: Sequence[str], folder: Path) -> Iterator[str]:
    """The URL of an Nginx that gives every request to the next of the nodes' URLs, in place of the
    one before: nothing is buffered, and connections to nodes are kept."""
    assert NGINX is not None
    port, file = free_port(), folder / "nginx.conf"
    servers = "\n".join(f"        server {url.removeprefix('http://')};" for url in nodes)
    text = _CONFIGURATION.format(folder=folder, servers=servers, port=port)
    file.write_text(text, encoding="utf-8")
    process = subprocess.Popen([NGINX, "-c", str(file), "-e", str(folder / "error.log")])
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/healthz", trust_env=False, timeout=30).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(f"Nginx does not lead to a node at {url}")
