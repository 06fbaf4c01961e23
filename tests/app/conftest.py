"""Nodes that several tests share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.node_process import PLUGINS, NodeProcess, running


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A queued node with two eSpeak workers; its connections are noted."""
    folder = tmp_path_factory.mktemp("node")
    options = {
        "COSYVOICE_NODE_NAME": "rs1",
        "COSYVOICE_WORKERS": "2",
        "COSYVOICE_QUEUE_SIZE": "8",
        "COSYVOICE_DRAIN_FILE": str(folder / "drain"),
        "CONNECTIONS_LOG": str(folder / "connections"),
    }
    with running(folder, "--enable-queue", **options) as started:
        started.wait_ready()
        yield started


@pytest.fixture(scope="session")
def faulty_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node without a queue whose engine fails on demand; jobs may take 10 s."""
    folder = tmp_path_factory.mktemp("faulty")
    arguments = ("--engine", "faulty", "--job-timeout", "10", "--node-name", "rs2")
    with running(folder, *arguments) as started:
        started.wait_ready()
        yield started


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lets this process and its workers find the faulty engine."""
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.syspath_prepend(str(PLUGINS))
    return PLUGINS


@pytest.fixture(scope="session")
def mimic_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node whose engine gives back the recordings it gets; `TMPDIR` is its folder `tmp`."""
    with running_mimic(tmp_path_factory.mktemp("mimic")) as started:
        yield started


@contextlib.contextmanager
def running_mimic(folder: Path) -> Iterator[NodeProcess]:
    (folder / "tmp").mkdir()
    arguments = ("--engine", "mimic", "--enable-queue", "--voice-limit", "3")
    with running(folder, *arguments, TMPDIR=str(folder / "tmp")) as started:
        started.wait_ready()
        yield started
