"""The app's account must be able to run the interpreter that the inventory names."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from provisioning.model.loader.load import parse_inventory
from provisioning.model.runtime import Runtime
from provisioning.roles.desired import desired_hosts
from tests.model.marked import SMALLEST

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another account")

_PYTHON = Path("/usr/bin/python3").resolve()


def _run(app: str, python: Path, manager: str = "systemd") -> subprocess.CompletedProcess[str]:
    """The requirement of an inventory with that app, asked about a program elsewhere."""
    keys = {"app": f"app: {{{app}}}", "manager": f"service_manager: {manager}"}
    text = "\n".join({**SMALLEST, **keys}.values()) + "\n"
    inventory = parse_inventory(text, Path("inventory.yaml")).inventory
    needs = desired_hosts(inventory, None, Runtime())["rs1"].requirements
    (need,) = (one for one in needs if " can run " in one.title)
    probe = need.probe.replace("/opt/here/python", str(python))
    return subprocess.run(["sh", "-c", probe], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "app",
    ["python: /opt/here/python", "venv: {python: /opt/here/python}"],
)
def test_one_that_everybody_can_run_is_taken(app: str) -> None:
    done = _run(app, _PYTHON)
    assert (done.returncode, done.stdout) == (0, "")


def test_one_behind_a_closed_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    link = tmp_path / "closed" / "python"
    link.symlink_to(_PYTHON)
    done = _run("python: /opt/here/python", link)
    assert done.returncode == 1
    assert done.stdout.startswith("nobody cannot run it: ")
    assert "Permission denied" in done.stdout


def test_one_that_leads_to_a_hidden_folder_is_refused(tmp_path: Path) -> None:
    real = Path(shutil.copy(_PYTHON, tmp_path / "python3"))
    done = _run("python: /opt/here/python", real)
    assert done.returncode == 1
    assert done.stdout == f"it leads to {real.resolve()}, which is hidden from the app\n"


def test_supervisor_hides_no_folder() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        real = Path(shutil.copy(_PYTHON, folder))
        done = _run("python: /opt/here/python", real, "supervisor")
    assert (done.returncode, done.stdout) == (0, "")
