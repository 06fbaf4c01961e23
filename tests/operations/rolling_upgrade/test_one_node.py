"""The phases on a real node: real processes, real scripts, real speech."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.operations.rolling_upgrade.events import UpgradeEvent
from provisioning.operations.rolling_upgrade.floor import floors
from provisioning.operations.rolling_upgrade.state import NodeStatus
from tests.operations.rolling_upgrade.one_node import OneNode
from tests.operations.rolling_upgrade.scripted import Heard

pytestmark = pytest.mark.timeout(400)

CANNOT_IMPORT = "import no_such_module_as_this"
CANNOT_SPEAK = """
async def _broken(self, *args, **kwargs):
    raise RuntimeError("this release has lost its voice")
SpeechService.speak = SpeechService.stream = _broken
"""
CRASHES = """
import os, threading
threading.Timer(12, os._exit, (3,)).start()
"""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[OneNode]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = OneNode(tmp_path, port)
    try:
        made.first()
        yield made
    finally:
        made.close()


def test_a_good_release(node: OneNode) -> None:
    node.source("2.0")
    heard = Heard()
    upgrade = node.upgrade("source-2.0", heard, soak=4)
    assert upgrade.node("rs1").status is NodeStatus.UPGRADED, heard.text()
    assert node.running() == "2.0"
    assert not node.mark.exists()
    (floor,) = floors(upgrade)
    assert floor.total >= floor.floor > 0 and floor.parts["warm"] > 0


def test_a_job_under_way_is_waited_for(node: OneNode) -> None:
    node.source("2.0")
    long, answers, jobs = "word " * 3000, [], []

    def at_drain(event: UpgradeEvent) -> None:
        if event.kind == "phase" and event.phase == "drain":
            jobs.append(threading.Thread(target=lambda: answers.append(node.speak(long))))
            jobs[0].start()
            time.sleep(0.3)

    heard = Heard(then=at_drain)
    upgrade = node.upgrade("source-2.0", heard, soak=0)
    jobs[0].join()
    assert upgrade.node("rs1").status is NodeStatus.UPGRADED, heard.text()
    assert [answer.status_code for answer in answers] == [200]
    assert node.running() == "2.0"


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ({"server": CANNOT_IMPORT}, "no_such_module_as_this"),
        ({"speech": CANNOT_SPEAK}, "not"),
        ({"application": CRASHES}, "process ended"),
    ],
    ids=["fails to start", "starts and cannot speak", "crashes after a while"],
)
def test_a_bad_release(node: OneNode, edits: dict[str, str], reason: str) -> None:
    node.source("2.0", **edits)
    heard = Heard()
    upgrade = node.upgrade("source-2.0", heard, soak=30)
    assert upgrade.node("rs1").status is NodeStatus.BACK, heard.text()
    assert reason in upgrade.node("rs1").reason
    assert node.running() == "1.0"
    assert not node.mark.exists()
    assert node.speak().status_code == 200
