"""What a linter that knows Nginx's traps finds in the configurations that hosts get."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.places import NGINX_CONF, NGINX_LISTEN, NGINX_LISTEN_DEFAULT
from tests.roles.rendered import files

_LISTEN = {
    f"include {NGINX_LISTEN_DEFAULT};": "listen 443 ssl http2 default_server;",
    f"include {NGINX_LISTEN};": "listen 443 ssl http2;",
}
_DELIBERATE = {
    # Links have to have the port that the client asked by, which $host lacks.
    "host_spoofing",
    # One file that is asked for once in two months.
    "try_files_is_evil_too",
    # How long is the inventory's to say.
    "hsts_header",
}


@pytest.mark.parametrize(
    ("case", "host"),
    [
        ("edge", "edge1"),
        ("edges-alone", "edge1"),
        ("tls-acme", "edge1"),
        ("tls-acme", "rs1"),
        ("tls", "rs1"),
        ("per-gpu-tls", "rs1"),
        ("sorry-page", "lvs1"),
    ],
)
def test_nothing_is_found(case: str, host: str, tmp_path: Path) -> None:
    text = files(case)[f"{host}{NGINX_CONF}"].content
    for theirs, ours in _LISTEN.items():
        text = text.replace(theirs, ours)
    path = tmp_path / "nginx.conf"
    path.write_text(text)
    gixy, skips = str(Path(sys.executable).with_name("gixy")), ",".join(_DELIBERATE)
    command = [gixy, "--format=json", f"--skips={skips}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
    assert json.loads(done.stdout) == []
