"""The command as a whole: expected failures are one line."""

import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]


def test_a_secret_that_is_not_here_is_one_line_and_not_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "vip: 192.168.1.100\n"
        "vrrp: {version: 2, auth_pass: {env: CLUSTER_TEST_NOWHERE}}\n"
        "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}\n"
        "real_servers: {hosts: {rs1: 192.168.1.101}}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "provisioning", "render", "-i", str(path)]
    done = subprocess.run(
        command, cwd=_REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "CLUSTER_TEST_NOWHERE is not set; export it first" in done.stderr
