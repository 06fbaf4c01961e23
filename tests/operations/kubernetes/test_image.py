"""The recipe of the container: of its shell what chooses the wheel is run here."""

import re
import subprocess
from pathlib import Path

import pytest

from .site import files

_WHEEL = "cosyvoice_cluster-0.1.0-py3-none-any.whl"


def _choose(folder: Path, *wheels: str) -> subprocess.CompletedProcess[str]:
    """Have the recipe make its requirements in the folder, which has these wheels."""
    found = re.search(
        r"^RUN (cd /build.*?)\\\n *&& python3 -m venv", files("watched")["image/Containerfile"],
        re.DOTALL | re.MULTILINE,
    )  # fmt: skip
    assert found
    for wheel in wheels:
        (folder / wheel).touch()
    (folder / "requirements.txt").write_text(
        f"{files('watched')['image/requirements.txt']}some-voice==1\n", encoding="utf-8"
    )
    script = found[1].replace("/build", str(folder))
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)


def test_the_project_is_the_wheel_that_is_there(tmp_path: Path) -> None:
    done = _choose(tmp_path, _WHEEL, "some_voice-1-py3-none-any.whl")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "own.txt").read_text().splitlines() == [
        f"cosyvoice-cluster[app,gunicorn,kokoro] @ file://{tmp_path}/{_WHEEL}",
        "some-voice==1",
    ]


@pytest.mark.parametrize("wheels", [(), (_WHEEL, _WHEEL.replace("0.1.0", "0.2.0"))])
def test_without_a_wheel_or_with_two_it_is_said(tmp_path: Path, wheels: tuple[str, ...]) -> None:
    done = _choose(tmp_path, *wheels)
    assert done.returncode == 1
    assert done.stderr.startswith("put the wheel of one version beside the Containerfile")
