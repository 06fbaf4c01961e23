"""The secret of a cluster, taken up from its files while a node runs."""

import logging
from pathlib import Path

import pytest

from app.access.cluster_secret import ClusterSecret, ClusterSecretError, accepted_file

OLD, NEW = b"old" * 8, b"new" * 8


class Files:
    """The two files, and a clock for who looks at them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cluster-secret"
        self.now = 0.0
        self.write(self.path, OLD)
        self.secret = ClusterSecret(self.path, lambda: self.now)

    def write(self, path: Path, content: bytes, mode: int = 0o640) -> None:
        draft = path.with_name("draft")
        draft.write_bytes(content + b"\n")
        draft.chmod(mode)
        draft.replace(path)

    def accept(self, *secrets: bytes, mode: int = 0o640) -> None:
        self.write(accepted_file(self.path), b"\n".join(secrets), mode)

    def later(self) -> tuple[bytes, ...]:
        self.now += 1
        return self.secret()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_each_step_of_an_exchange_is_taken_up(files: Files) -> None:
    assert files.secret() == (OLD,)
    files.accept(OLD, NEW)
    assert files.secret() == (OLD,), "it looks once a second"
    assert files.later() == (OLD, NEW)
    files.write(files.path, NEW)
    assert files.later() == (NEW, OLD)
    files.accept()
    assert files.later() == (NEW,)


def test_a_node_that_starts_in_the_middle_knows_both(files: Files) -> None:
    files.accept(OLD, NEW)
    assert ClusterSecret(files.path)() == (OLD, NEW)


@pytest.mark.parametrize("content", [b"short", b""])
def test_what_is_wrong_is_logged_once_and_changes_nothing(
    files: Files, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    files.accept(OLD, NEW)
    assert files.later() == (OLD, NEW)
    with caplog.at_level(logging.ERROR):
        files.write(files.path, content)
        assert files.later() == files.later() == (OLD, NEW)
        assert len(caplog.records) == 1
        files.write(files.path, OLD)
        files.accept(b"short")
        assert files.later() == (OLD, NEW)
        files.accept(OLD, mode=0o644)
        assert files.later() == (OLD, NEW)
    assert len(caplog.records) == 3
    assert "chmod o=" in caplog.text
    assert not any(one.decode() in caplog.text for one in (OLD, NEW))
    accepted_file(files.path).unlink()
    assert files.later() == (OLD,)


def test_no_node_starts_with_a_secret_that_everybody_reads(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(OLD)
    path.chmod(0o644)
    with pytest.raises(ClusterSecretError, match="chmod o="):
        ClusterSecret(path)
