"""A whole node whose shared folder stops taking files: nobody loses their audio."""

from pathlib import Path

import pytest

from tests.app import file_systems
from tests.app.file_systems import needs_root
from tests.app.node_process import NodeProcess, running

TEXT = {"input": "你好，世界。", "voice": "cmn", "seed": 5, "response_format": "wav"}


def _spoken(node: NodeProcess) -> str:
    """Speak and save; the output's file name."""
    answer = node.speak(**TEXT, save=True, stream=False)
    assert answer.status_code == 200, answer.text
    path = answer.headers["X-Output"]
    assert node.get(path).content == answer.content
    return path.removeprefix("/outputs/")


def _storage(node: NodeProcess) -> tuple[int, bool]:
    found = node.status()["storage"]
    return found["spooled"], bool(found["trouble"])


@needs_root
@pytest.mark.parametrize("required", [False, True])
def test_a_node_goes_on_without_its_shared_folder(tmp_path: Path, required: bool) -> None:
    outputs = tmp_path / "outputs"
    arguments = ["--temp-dir", str(tmp_path / "uploads")]
    if required:
        arguments.append("--require-shared-folder")
    with file_systems.small(outputs), running(tmp_path, *arguments) as node:
        node.wait_ready()
        first = _spoken(node)
        file_systems.set_read_only(outputs, True)
        waiting = _spoken(node)
        node.wait_until(lambda: _storage(node) == (1, True))
        ready = node.get("/readyz")
        assert ready.status_code == (503 if required else 200)
        if required:
            assert "Read-only file system" in ready.json()["reason"]
        assert not (outputs / waiting).exists()
        file_systems.set_read_only(outputs, False)
        node.wait_until(lambda: _storage(node) == (0, False))
        node.wait_ready()
        for name in (first, waiting):
            assert (outputs / name).is_file()
            assert node.get(f"/outputs/{name}").status_code == 200
        assert not any("Traceback" in line for line in node.raw), "".join(node.raw)


@needs_root
def test_a_node_that_boots_before_its_storage_speaks(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    with running(tmp_path, "--expect-mount") as node:
        node.wait_ready()
        assert f"Warning: folder {outputs} does not work now: {outputs} is not mounted" in (
            "".join(node.raw)
        )
        name = _spoken(node)
        node.wait_until(lambda: _storage(node) == (1, True))
        assert not list(outputs.iterdir()), "below the mount point nothing is made"
        with file_systems.small(outputs):
            node.wait_until(lambda: _storage(node) == (0, False))
            assert (outputs / name).is_file()
            assert node.get(f"/outputs/{name}").status_code == 200


@needs_root
def test_a_node_goes_on_while_its_shared_folder_hangs(tmp_path: Path) -> None:
    arguments = ("--temp-dir", str(tmp_path / "uploads"))
    with (
        file_systems.freezable(tmp_path / "outputs") as (freeze, thaw),
        running(tmp_path, *arguments) as node,
    ):
        node.wait_ready()
        _spoken(node)
        freeze()
        try:
            waiting = [_spoken(node), _spoken(node)]
            node.wait_until(lambda: _storage(node) == (2, True))
            assert node.get("/readyz").status_code == 200
        finally:
            thaw()
        node.wait_until(lambda: _storage(node) == (0, False))
        assert all((node.outputs / name).is_file() for name in waiting)
