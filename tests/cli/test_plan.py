"""``cluster plan`` and ``deploy --check`` look, and write nothing at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_INVENTORY = """\
name: speech
vip: 192.0.2.100/24
interface: eth0
ssh: {host: 127.0.0.1, port: 1, known_hosts_file: known_hosts, connect_timeout: 2}
directors: {hosts: {lvs1: 192.0.2.11, lvs2: 192.0.2.12}}
real_servers: {hosts: {rs1: 192.0.2.101, rs2: 192.0.2.102}}
"""
_READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="mounts a folder read-only"
)
@pytest.mark.parametrize("words", [("plan",), ("deploy", "--check")])
def test_from_a_folder_that_cannot_be_written(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "inventory.yaml").write_text(_INVENTORY)
    done = subprocess.run(
        [
            *("unshare", "--mount", "--propagation", "private", "sh", "-c", _READ_ONLY, "sh"),
            *(str(tmp_path), sys.executable, "-m", "provisioning", *words),
            *("-i", str(tmp_path / "inventory.yaml")),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "unreachable" in said, said
    assert "Traceback" not in said and "Read-only" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["inventory.yaml"]
