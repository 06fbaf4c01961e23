"""Hosts for the tests: a folder of this machine, or network and mounts of their own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resources.host import Host, Namespaces

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="fragments run as root")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fragments run as root on a host, so their tests do too."""
    here = Path(__file__).parent
    for item in items:
        # Those that use none of these look at nothing but Python.
        uses = {"host", "tmp_path"} & {*getattr(item, "fixturenames", ())}
        if here in item.path.parents and uses:
            item.add_marker(needs_root)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose memory is a folder of this test; it sees this machine's files."""
    return Host(tmp_path / "state")


@pytest.fixture
def namespaces() -> Iterator[Namespaces]:
    """Mounts and a network that no one else sees; they end with the test."""
    with subprocess.Popen(
        ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", "echo; read end"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        if not holder.stdout.readline():
            pytest.skip("this machine lets nobody make namespaces")
        yield Namespaces(holder.pid)
        holder.send_signal(signal.SIGKILL)


@pytest.fixture
def isolated_host(host: Host, namespaces: Namespaces) -> Host:
    """A host with mounts and a network of its own."""
    return Host(host.state, namespaces)
