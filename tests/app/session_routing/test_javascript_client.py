"""@gradio/client, from Node, through a balancer without any stickiness."""

import pytest

from tests import javascript
from tests.app.session_routing.cluster import NAMES, Nodes

pytestmark = pytest.mark.skipif(
    not javascript.has("@gradio/client"),
    reason="no Node or no @gradio/client here; scripts/test installs them",
)


def test_no_session_fails(nodes: Nodes) -> None:
    answers = javascript.sessions(nodes.url, "/slow", 36, 6, "你好")
    assert len(answers) == 36
    assert {answer[0].rpartition(" by ")[0] for answer in answers} == {"你好 5"}
    assert {answer[0].rpartition(" by ")[2] for answer in answers} == set(NAMES)
