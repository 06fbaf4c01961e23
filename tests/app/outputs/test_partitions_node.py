"""Two whole nodes on one folder, of which one saves in partitions: each has what the other made, by
every road to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client

from app.outputs.names import parse_audio_name
from app.outputs.partitions import partition_of
from app.outputs.spool import Spool
from tests.app.node_process import NodeProcess, running

TEXT = {"input": "hello", "voice": "en-us", "seed": 5, "response_format": "wav"}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """One that saves in partitions, and one that does not."""
    base = tmp_path_factory.mktemp("nodes")
    (base / "outputs").mkdir()
    for name in ("one", "two"):
        (base / name).mkdir()
        (base / name / "outputs").symlink_to(base / "outputs")
    shared = ("--history", "all", "--deletion", "all")
    with (
        running(base / "one", "--partition-outputs", *shared) as one,
        running(base / "two", *shared) as two,
    ):
        for node in (one, two):
            node.wait_ready()
        yield one, two


def spoken(node: NodeProcess) -> str:
    """Speak and save; the output's file name."""
    answer = node.speak(**TEXT, save=True)
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Output"].removeprefix("/outputs/")


def place_of(node: NodeProcess, name: str) -> str:
    """The folder in which an output lies, relative to the shared one."""
    (found,) = node.outputs.rglob(name)
    return str(found.parent.relative_to(node.outputs))


def test_each_serves_and_deletes_what_the_other_saved(
    nodes: tuple[NodeProcess, NodeProcess],
) -> None:
    for node, other in (nodes, nodes[::-1]):
        name = spoken(node)
        parsed = parse_audio_name(name)
        assert parsed
        inside = node is nodes[0]
        assert place_of(node, name) == (partition_of(parsed[0]) if inside else ".")
        inside_path = Path(place_of(node, name)) / name
        for one in (node, other):
            for road in (
                f"/outputs/{name}",
                f"/gradio_api/file={one.outputs / name}",
                f"/gradio_api/file={one.outputs / inside_path}",
            ):
                assert one.get(road).content[:4] == b"RIFF", road
        with other.client() as client:
            assert client.delete(f"/outputs/{name}").status_code in (200, 204)
        assert not list(node.outputs.rglob(f"{parsed[0]}*"))
        for one in (node, other):
            assert one.get(f"/outputs/{name}").status_code == 404


def test_a_client_of_gradio_gets_its_file(nodes: tuple[NodeProcess, NodeProcess]) -> None:
    client = Client(nodes[0].url, verbose=False)
    path, _ = client.predict("hello", "en-us", 1.0, 42, api_name="/synthesize")
    assert Path(path).read_bytes()[:4] == b"RIFF"


def test_what_waited_in_the_spool_comes_to_its_partition(
    nodes: tuple[NodeProcess, NodeProcess],
) -> None:
    node = nodes[0]
    name = spoken(node)
    parsed = parse_audio_name(name)
    assert parsed
    folder = node.outputs / place_of(node, name)
    spool = Spool(node.outputs.parent / "state" / "spool", 1 << 20)
    for suffix in (".wav", ".json"):
        (folder / f"{parsed[0]}{suffix}").rename(spool.folder / f"{parsed[0]}{suffix}")
    assert node.get(f"/outputs/{name}").content[:4] == b"RIFF"
    node.wait_until(lambda: (folder / name).exists())
    assert place_of(node, name) == partition_of(parsed[0])
