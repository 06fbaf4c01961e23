"""Platform of a host's Python."""

from dataclasses import replace

import pytest

from provisioning.facts.host_python import HostPython, host_python
from provisioning.facts.probe import ProbeError
from provisioning.resources.base import Observation


def test_which_wheels_fit_a_host() -> None:
    said = Observation(
        '{"implementation": "cpython", "python": [3, 11, 2], "machine": "aarch64", '
        '"libc": "glibc", "libc_version": [2, 17]}',
        "",
        0,
    )
    host = host_python("python3").parse(said)
    assert str(host) == "py3.11.2-aarch64-glibc2.17"
    assert host.kind == "py3.11-aarch64-glibc2.17"
    assert HostPython.read(str(host)) == host
    assert HostPython.read(host.kind) == replace(host, version=(3, 11, 0))
    assert host.tags[0] == "manylinux_2_17_aarch64"
    assert "manylinux_2_18_aarch64" not in host.tags
    assert host.tags[-4:] == [
        "manylinux2014_aarch64",
        "manylinux2010_aarch64",
        "manylinux1_aarch64",
        "linux_aarch64",
    ]
    with pytest.raises(ProbeError, match="musl"):
        host_python("python3").parse(Observation(said.stdout.replace("glibc", "musl"), "", 0))
