"""Three Gradio processes behind a balancer, for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.app.session_routing.cluster import Nodes, running_nodes


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running_nodes(tmp_path_factory.mktemp("gradio")) as started:
        yield started
