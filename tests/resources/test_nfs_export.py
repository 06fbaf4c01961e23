"""Exports that the kernel reports; serving itself takes the lab's kernels."""

from pathlib import Path

import pytest

from provisioning.resources.base import Observation
from provisioning.resources.nfs_export import NfsExport
from tests.resources.host import Host

EXPORT = NfsExport(
    path="/srv/out", clients=("10.77.0.21", "10.77.0.22"), serve="systemctl restart nfs-server"
)
BOTH = "/srv/out\t10.77.0.21(rw,sync)\n/srv/out\t10.77.0.22(rw,sync)\n"


@pytest.mark.parametrize(
    ("said", "summary"),
    [
        (f"8\n{BOTH}", None),
        (f"8\n/srv/other\t10.77.0.9(ro)\n{BOTH}", None),
        (f"0\n{BOTH}", "serve: there are no threads"),
        ("8\n", "export to 10.77.0.21, 10.77.0.22"),
        ("8\n/srv/out\t10.77.0.21(rw)\n/srv/outer\t10.77.0.22(rw)\n", "export to 10.77.0.22"),
        ("0\n", "serve: there are no threads; export to 10.77.0.21, 10.77.0.22"),
    ],
)
def test_what_the_kernel_lacks_is_a_change(said: str, summary: str | None) -> None:
    change = EXPORT.compare(Observation(said, "", 0))
    assert (change.summary if change else None) == summary


def test_what_is_removed_is_served_no_longer(host: Host, tmp_path: Path) -> None:
    program = tmp_path / "exportfs"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nexit 1\n')
    program.chmod(0o755)
    export = NfsExport(path="/srv/o", clients=("10.77.0.21", "2001:db8::1"), serve=":")
    host.path = f"{tmp_path}:{host.path}"
    host.must(export.remove())
    said = (tmp_path / "said").read_text()
    assert said == "-u 10.77.0.21:/srv/o\n-u [2001:db8::1]:/srv/o\n"
