"""A node that lacks a GPU is not upgraded: its worker would not start again."""

import pytest

from provisioning.operations.rolling.errors import PreflightError
from provisioning.operations.rolling.preflight import check_batch
from provisioning.operations.rolling.snapshot import ClusterSnapshot, NodeSnapshot, ServiceSnapshot
from provisioning.operations.rolling_upgrade.state import Node


def test_a_batch_with_a_node_that_lacks_a_gpu_does_not_begin() -> None:
    nodes = {name: NodeSnapshot(True, "1.0", slots=2, places=4) for name in ("rs1", "rs2")}
    nodes["rs3"] = NodeSnapshot(True, "1.0", 2, 4, lacking=("1 of 2 GPUs are there",))
    weights = dict.fromkeys(nodes, 1)
    snapshot = ClusterSnapshot((ServiceSnapshot("web", 1, weights),), nodes, ("lvs1",))
    assert check_batch(snapshot, [Node("rs1", "real_server", 1)], force=False) == []
    with pytest.raises(PreflightError, match=r"^rs3: 1 of 2 GPUs are there; mend that"):
        check_batch(snapshot, [Node("rs3", "real_server", 1)], force=False)
    assert check_batch(snapshot, [Node("rs3", "real_server", 1)], force=True)
