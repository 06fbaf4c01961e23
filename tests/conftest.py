"""The state every test starts from."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell starts what runs in its background with SIGINT ignored, and programs inherit that; then
# no test could interrupt one.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is: by default 0.2 s are an error.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def _of_a_deploy() -> dict[Path, int]:
    """Files of this machine that only a deploy to it would write, with their times."""
    found = [*Path("/etc").glob("*.d/*cosyvoice*"), *Path("/usr/local/sbin").glob("cosyvoice-*")]
    return {path: path.lstat().st_mtime_ns for path in found}


@pytest.fixture(scope="session", autouse=True)
def _untouched_machine() -> Iterator[None]:
    """No test deploys to the machine that it runs on."""
    before = _of_a_deploy()
    yield
    written = [str(path) for path, time in _of_a_deploy().items() if before.get(path) != time]
    assert not written, f"a test wrote files of a deploy on this machine: {', '.join(written)}"
