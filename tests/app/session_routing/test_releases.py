"""Two releases at the same time: a page keeps to its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.app.patient_client import patient_client
from tests.app.session_routing.cluster import NAMES, Nodes, running_nodes
from tests.app.session_routing.session import Session

OLD, NEW = "/r/one", "/r/two"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """One node of release `one`, and two of release `two`."""
    with running_nodes(tmp_path_factory.mktemp("gradio")) as started:
        for name in ("two", "three"):
            started.restart(name, "two")
        started.agree()
        yield started


@pytest.fixture(scope="module")
def everywhere(nodes: Nodes) -> list[str]:
    return [nodes.own_url(name) for name in NAMES]


def test_a_page_names_its_release_and_keeps_the_host(nodes: Nodes) -> None:
    for name, root in (("one", OLD), ("two", NEW)):
        at = nodes.own_url(name)
        assert httpx.get(f"{at}/config", timeout=30).json()["root"] == at + root
        assert f'"root":"{at}{root}"' in httpx.get(at, timeout=30).text
        # And what it then loads from there is served.
        assert httpx.get(f"{at}{root}/theme.css", timeout=30).status_code == 200
        assert httpx.get(f"{at}{root}/gradio_api/info", timeout=30).status_code == 200


def test_its_sessions_live_on_nodes_of_that_release(nodes: Nodes, everywhere: list[str]) -> None:
    for root, owners in ((OLD, {"one"}), (NEW, {"two", "three"})):
        for number in range(6):
            session = Session(nodes.url, root)
            found = {session.run(at, "slow", str(number)).rsplit(" ", 1)[1] for at in everywhere}
            assert len(found) == 1 and found <= owners


@pytest.mark.long
def test_other_requests_of_a_page_reach_its_release(nodes: Nodes, everywhere: list[str]) -> None:
    for root, owners in ((OLD, {"one"}), (NEW, {"two", "three"})):
        for at in everywhere:
            for path in ("/theme.css", "/gradio_api/info", "/gradio_api/app_id"):
                assert httpx.get(at + root + path, timeout=30).headers["x-made-by"] in owners
            sent = httpx.post(
                f"{at}{root}/gradio_api/upload?upload_id=u",
                files={"files": ("a", b"x")},
                timeout=30,
            )
            assert sent.status_code == 200 and sent.headers["x-made-by"] in owners


@pytest.mark.long
def test_programs_that_name_no_release_go_on(nodes: Nodes) -> None:
    for at in (nodes.url, *map(nodes.own_url, NAMES)):
        client = patient_client(at)
        assert client.predict("x", api_name="/greet").startswith("x by ")


def test_a_release_that_nobody_has_is_told_to_be_gone(everywhere: list[str]) -> None:
    for at in everywhere:
        for release in ("three", "127.0.0.1%3A1", "one%2F", "%6Fn"):
            root = f"{at}/r/{release}/gradio_api"
            told = httpx.post(
                f"{root}/queue/join", json={"session_hash": "x", "data": []}, timeout=30
            )
            assert told.status_code == 410 and told.json()["code"] == "release_gone"
            # At this Gradio's own page loads itself anew.
            assert told.json()["error"] == "Connection errored out. "
            assert httpx.get(f"{root}/queue/data?session_hash=x", timeout=30).status_code == 410
        # It finds another id than its own.
        assert httpx.get(f"{at}/r/three/gradio_api/app_id", timeout=30).status_code == 200


def test_no_path_hides_another(everywhere: list[str]) -> None:
    for path in (OLD + OLD, OLD + "/r%2Fone", "/r/one//r/one", OLD + "/_session_routing"):
        assert (
            httpx.post(f"{everywhere[0]}{path}/condition", json={}, timeout=30).status_code >= 400
        )
        assert httpx.get(f"{everywhere[0]}{path}/config", timeout=30).status_code == 404


@pytest.mark.long
def test_a_node_that_drains_hands_out_the_page_of_another(nodes: Nodes) -> None:
    nodes.drain("one")
    try:
        at = nodes.own_url("one")
        assert httpx.get(f"{at}/config", timeout=30).json()["root"] == at + NEW
        # New sessions of its page have no place: the page is to be loaded again.
        told = httpx.post(
            f"{at}{OLD}/gradio_api/queue/join",
            json={"session_hash": "late", "data": [], "fn_index": 0},
            timeout=30,
        )
        assert told.status_code == 410
    finally:
        nodes.undrain("one")
