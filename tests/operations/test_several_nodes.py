"""A real server with a node a card, as operators see it and handle it."""

import io
from dataclasses import replace

from rich.console import Console

from provisioning.cli.views.status import status_view
from provisioning.facts.app.status import AppAnswer
from provisioning.facts.hosts.real_server import NodeState
from provisioning.model.cluster_record import ClusterRecord
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.faults.nodes import node_faults
from provisioning.operations.status.record import status_record
from tests.operations.replay import INVENTORY, recording, replay


def test_each_has_its_row_its_record_and_its_fault() -> None:
    app = INVENTORY.app.model_copy(update={"per_gpu": True, "first_port": 13000})
    inventory = INVENTORY.model_copy(update={"app": app})
    state = look_at(INVENTORY, replay(recording("healthy")), ClusterRecord())
    server = state.real_servers["rs1"]
    nodes = {
        "rs1-gpu0": NodeState(13000, "0", "running", AppAnswer(server.app)),
        "rs1-gpu1": NodeState(13001, "1", "FATAL", AppAnswer(None, "refused", down=True)),
    }
    state.real_servers["rs1"] = replace(server, service="rs1-gpu1: FATAL", nodes=nodes)
    out = io.StringIO()
    Console(file=out, width=200).print(status_view(inventory, state, []))
    rows = [
        line.split() for line in out.getvalue().splitlines() if line.strip().startswith("rs1-gpu")
    ]
    assert rows[0][:5] == ["rs1-gpu0", "13000", "0", "running", "yes"]
    assert rows[1][:6] == ["rs1-gpu1", "13001", "1", "FATAL", "no:", "refused"]
    said = status_record(inventory, state, [])["real_servers"]["rs1"]["nodes"]
    assert said["rs1-gpu1"] == {
        "port": 13001,
        "card": "1",
        "service": "FATAL",
        "ready": False,
        "reason": "refused",
        "running": None,
        "waiting": None,
    }
    (fault,) = node_faults(INVENTORY, state)
    assert "does not run: rs1-gpu1: FATAL" in str(fault)
    starting = replace(server, service="rs1-gpu0: STARTING; rs1-gpu1: STARTING")
    state.real_servers["rs1"] = starting
    assert "the app is starting" in str(node_faults(INVENTORY, state)[0])
