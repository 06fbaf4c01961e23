"""Nginx that forwards all it gets to one node."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
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
    upstream node {{
        server {node};
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://node;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"""
_PATIENCE = 30.0


@contextlib.contextmanager
def nginx_before(url: str, folder: Path) -> Iterator[str]:
    """The URL of an Nginx, as a balancer for such nodes is configured: nothing buffered,
    connections to the node kept."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        sys.exit("needs nginx")
    port, file = free_port(), folder / "nginx.conf"
    node = url.removeprefix("http://")
    file.write_text(_CONFIGURATION.format(folder=folder, node=node, port=port), encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(file), "-e", str(folder / "error.log")])
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
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    sys.exit("nginx did not start")
