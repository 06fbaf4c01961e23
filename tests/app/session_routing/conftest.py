"""Three Gradio processes behind a balancer, for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.app.session_routing.cluster import Nodes


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    nodes = Nodes(tmp_path_factory.mktemp("gradio"))
    try:
        nodes.agree()
        yield nodes
    finally:
        nodes.close()
