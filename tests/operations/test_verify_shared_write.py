"""Files that verify writes to the outputs folder, and takes away."""

import os
import subprocess
import time
from pathlib import Path

from provisioning.operations.verify.shared_write import _write


def test_what_a_cut_run_left_goes_and_what_another_writes_now_stays(tmp_path: Path) -> None:
    """Ages are by the file server's clock: that of a node may be a day ahead."""
    now = time.time()
    for name, age in (("left", 700), ("new", 500), ("newest", -86400)):
        path = tmp_path / f".cluster-verify-{name}"
        path.touch()
        os.utime(path, (now - age,) * 2)
    other = tmp_path / "20261121T120000000Z-rs1-00000000.wav"
    other.touch()
    os.utime(other, (0, 0))
    script = _write(".cluster-verify-own", "0123")
    # What the node's own clock shows is not asked.
    assert "-mmin" not in script and "date" not in script
    subprocess.run(["sh", "-euc", script], cwd=tmp_path, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        other.name,
        *(f".cluster-verify-{name}" for name in ("own", "new", "newest")),
    }
    assert (tmp_path / ".cluster-verify-own").read_text() == "0123\n"
