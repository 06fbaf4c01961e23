import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transport.sshd import Sshd


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """A server for tests that do not change it."""
    # Not below pytest's own folder: that is closed to the accounts that look for their keys here.
    with tempfile.TemporaryDirectory(prefix="cosyvoice-sshd-") as folder:
        server = Sshd(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def own_sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A server of the test's own."""
    server = Sshd(tmp_path / "sshd")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def no_settings_of_the_person_who_runs_this(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
