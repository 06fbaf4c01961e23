"""A maintenance of a real node: real processes, a real command, real speech. Only the directors are
fake."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from provisioning.operations.maintain import registration
from provisioning.operations.maintain.commands import Begin
from provisioning.operations.maintain.options import MaintenanceOptions
from provisioning.operations.maintain.ssh_hosts import SSHHosts
from provisioning.operations.maintain.state import HostStatus
from provisioning.operations.maintain.work import Work
from provisioning.operations.operation import Operation
from provisioning.operations.rolling.result import Outcome
from provisioning.operations.rolling_upgrade.options import UpgradeOptions
from tests.operations.maintain.fake_hosts import Dialogue
from tests.operations.rolling_upgrade.one_node import OneFakeDirector, OneNode
from tests.ports import free_port

pytestmark = [pytest.mark.timeout(400), pytest.mark.long]


@dataclass(slots=True, kw_only=True)
class OneHost(SSHHosts):
    """The hands on a node, with directors that do as they are told."""

    mark: Path
    weight: int = 100
    weights: list[int] = field(default_factory=list)

    # A second base with slots of its own is not possible.
    look = OneFakeDirector.look
    seen = OneFakeDirector.seen
    drain = OneFakeDirector.drain
    settle = OneFakeDirector.settle
    undrain = OneFakeDirector.undrain
    metrics = OneFakeDirector.metrics
    _weigh = OneFakeDirector._weigh

    def holders(self) -> frozenset[str]:
        return frozenset({"lvs1"})


@pytest.fixture
def node(tmp_path: Path) -> Iterator[OneNode]:
    made = OneNode(tmp_path, free_port())
    try:
        made.first()
        yield made
    finally:
        made.close()


def maintain(node: OneNode, command: str, dialogue: Dialogue) -> tuple[Outcome, Operation]:
    op = node.cluster("1.0").op

    def actions(op: Operation, work: Work, options: MaintenanceOptions) -> Any:
        return OneHost(op=op, options=UpgradeOptions(), work=work, mark=node.mark)

    how = MaintenanceOptions(soak=4)
    begin = Begin(
        hosts=["rs1"],
        work=Work(run=command),
        how=how,
        verifies=False,
        hooks=(),
        actions=actions,
    )
    return begin.execute(op, dialogue), op


def test_the_command_runs_while_the_app_is_down_and_the_node_speaks_again(
    node: OneNode, tmp_path: Path
) -> None:
    # Nobody answers there while it runs.
    ask = f"curl -s --noproxy '*' -o /dev/null {node.url}/livez || echo down > '{tmp_path}/seen'"
    dialogue = Dialogue()
    outcome, op = maintain(node, f"{ask}; echo 完成", dialogue)
    assert outcome is Outcome.DONE, dialogue.recorder.text()
    assert (tmp_path / "seen").read_text() == "down\n"
    assert "output rs1 run 完成" in dialogue.recorder.text()
    assert node.speak().status_code == 200 and not node.mark.exists()
    assert registration.load(op.cluster) is None


def test_after_a_command_that_failed_the_node_speaks_again(node: OneNode) -> None:
    dialogue = Dialogue()
    outcome, op = maintain(node, "echo no room >&2; exit 100", dialogue)
    assert outcome is Outcome.FAILED
    saved = registration.load(op.cluster)
    assert saved and saved.host("rs1").status is HostStatus.PUT_BACK
    assert "status 100: no room" in saved.host("rs1").reason
    assert node.speak().status_code == 200 and not node.mark.exists()
