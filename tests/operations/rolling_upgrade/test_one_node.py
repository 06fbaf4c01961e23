"""The phases on a real node: real processes, real scripts, real speech."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rolling_upgrade.releases import CANNOT_SPEAK, FAILS_TO_START, SPEAKS_SLOWLY
from provisioning.operations.rolling.events import RunEvent
from provisioning.operations.rolling_upgrade.downtime import downtimes
from provisioning.operations.rolling_upgrade.state import NodeStatus
from tests.operations.rolling_upgrade.fake_cluster import EventRecorder
from tests.operations.rolling_upgrade.one_node import OneNode
from tests.ports import free_port

pytestmark = pytest.mark.timeout(400)

CRASHES = {
    "server": "import os as _os, threading as _t\n_t.Timer(12, _os._exit, (3,)).start()",
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[OneNode]:
    made = OneNode(tmp_path, free_port())
    try:
        made.first()
        yield made
    finally:
        made.close()


def test_a_good_release(node: OneNode) -> None:
    node.source("2.0")
    recorder = EventRecorder()
    upgrade = node.upgrade("2.0", recorder, soak=4)
    assert upgrade.node("rs1").status is NodeStatus.UPGRADED, recorder.text()
    assert node.running() == "2.0"
    assert not node.mark.exists()
    (downtime,) = downtimes(upgrade)
    assert downtime.total >= downtime.minimum > 0 and downtime.parts["warm"] > 0


@pytest.mark.long
def test_from_a_release_of_the_package_app_and_to_one(node: OneNode) -> None:
    """Releases made before the app had a name of its own, and those of other apps."""
    node.source("2.0")
    (node.folder / "2.0/app/__init__.py").write_text('__version__ = "2.0"\n')
    node.source("3.0")
    for version, package in (("2.0", "app"), ("3.0", "cosyvoice_cluster/app")):
        heard = EventRecorder()
        upgrade = node.upgrade(version, heard, soak=0)
        assert upgrade.node("rs1").status is NodeStatus.UPGRADED, heard.text()
        assert node.running() == version
        assert (node.app / "current" / package / "__main__.py").is_file()


@pytest.mark.long
def test_a_job_under_way_is_waited_for(node: OneNode) -> None:
    node.source("2.0")
    answers, jobs = [], []

    def at_drain(event: RunEvent) -> None:
        if event.kind == "phase" and event.phase == "drain":
            jobs.append(
                threading.Thread(target=lambda: answers.append(node.speak("pace 5 a long job")))
            )
            jobs[0].start()
            time.sleep(0.3)

    recorder = EventRecorder(then=at_drain)
    upgrade = node.upgrade("2.0", recorder, soak=0)
    jobs[0].join()
    assert upgrade.node("rs1").status is NodeStatus.UPGRADED, recorder.text()
    assert [answer.status_code for answer in answers] == [200]
    assert node.running() == "2.0"


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        pytest.param(FAILS_TO_START, "no_such_module_as_this", marks=pytest.mark.long),
        pytest.param(
            CANNOT_SPEAK,
            "does not speak at its own address: HTTP status 500",
            marks=pytest.mark.long,
        ),
        pytest.param(SPEAKS_SLOWLY, "it speaks but slowly", marks=pytest.mark.long),
        pytest.param(CRASHES, "process ended|not ready any more", marks=pytest.mark.long),
    ],
    ids=["fails to start", "cannot speak", "speaks slowly", "crashes after a while"],
)
def test_a_bad_release(node: OneNode, faults: dict[str, str], reason: str) -> None:
    node.source("2.0", faults)
    recorder = EventRecorder()
    upgrade = node.upgrade("2.0", recorder, soak=30)
    assert upgrade.node("rs1").status is NodeStatus.ROLLED_BACK, recorder.text()
    assert re.search(reason, upgrade.node("rs1").reason)
    assert node.running() == "1.0"
    assert not node.mark.exists()
    assert node.speak().status_code == 200
