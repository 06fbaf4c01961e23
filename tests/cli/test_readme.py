"""README's way in, as a stranger types it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_README = (_REPOSITORY / "README.md").read_text(encoding="utf-8")
_ANSWERS = (
    "cluster init --vip 192.0.2.100 --director 192.0.2.11,192.0.2.12 --real-server 192.0.2.101"
)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_what_stands_there_runs_as_it_stands(tmp_path: Path) -> None:
    section = _README.split("## On your own servers")[1]
    block = re.findall(r"```sh\n(.*?)```", section, re.S)[0]
    # The rest of it needs servers; a question is answered by options.
    block = block.split("cluster plan")[0]
    block = re.sub(r"^cluster init\b.*$", _ANSWERS, block, flags=re.M)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(_REPOSITORY), str(clone)], check=True)
    outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p)
    (clone / "inventory.yaml").unlink()
    done = subprocess.run(
        ["bash", "-e", "-c", f"{block}\ncluster render\ncluster schema"],
        cwd=clone,
        env={**outside, "HOME": str(tmp_path), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: 192.0.2.100" in done.stdout
