"""GPUs in `cluster status`: what is told of them, and what is a fault."""

import io
import json
from dataclasses import replace
from typing import Any

import click
import pytest
from rich.console import Console

from provisioning.cli.running import cluster
from provisioning.cli.views.status import status_view
from provisioning.facts.card_service import card_service
from provisioning.model.cluster_record import ClusterRecord
from provisioning.operations.cluster_state.look import look_at
from provisioning.operations.cluster_state.state import ClusterState
from provisioning.operations.faults.registry import all_faults
from provisioning.operations.status.record import status_record
from tests.operations.replay import INVENTORY, recording, replay

CARD = {
    "index": 0,
    "name": "NVIDIA H100 80GB HBM3",
    "uuid": "GPU-1",
    "pci": "00000000:41:00.0",
    "memory_total": 80 << 30,
    "memory_used": 3 << 30,
    "utilization": 75,
    "temperature": 64,
    "ecc_uncorrected": 0,
    "throttling": 0,
    "processes": 2,
    "mig": 0,
    "lost": "",
}


def seen(*cards: dict[str, Any], **told: Any) -> ClusterState:
    """The cluster in order, with these cards on rs1."""
    body = {
        "driver": "550.54.15",
        "cuda": [12, 4],
        "problem": "",
        "cards": [CARD | card for card in cards],
        "kernel": [],
        "lacking": [],
        **told,
    }
    answers = recording("healthy")
    answers["rs1"]["gpus"] = [(json.dumps(body), "", 0)]
    return look_at(INVENTORY, replay(answers), ClusterRecord())


def taken_out(state: ClusterState, **cards: Any) -> ClusterState:
    """The same, where the app on rs1 says this of its cards."""
    server = state.real_servers["rs1"]
    assert server.app is not None
    told: Any = {"mode": "drain", "out": [], "stays": "", "history": [], **cards}
    reasons = "; ".join(card["reason"] for card in told["out"])
    app = replace(server.app, cards=card_service(told), not_ready=reasons)
    state.real_servers["rs1"] = replace(server, app=app)
    return state


def faults(state: ClusterState) -> list[str]:
    found = all_faults(INVENTORY, state)
    for fault in found:
        assert fault.commands
        for command in fault.commands:
            _, name, *words = command.split()
            known = cluster.get_command(click.Context(cluster), name)
            assert known is not None
            known.make_context(name, words)
    return [str(fault) for fault in found]


def shown(state: ClusterState) -> list[str]:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(status_view(INVENTORY, state, all_faults(INVENTORY, state)))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_cards_in_order_are_a_column_and_a_record() -> None:
    state = seen({}, {"index": 1, "temperature": 71, "throttling": 0x40, "pci": ""})
    assert faults(state) == []
    lines = shown(state)
    (row,) = [line for line in lines if line.startswith("rs1 yes")]
    assert row.endswith("2 × H100 80GB HBM3, 71 °C, hardware thermal slowdown")
    record = status_record(INVENTORY, state, [])["real_servers"]
    assert record["rs1"]["gpus"]["driver"] == "550.54.15"
    assert record["rs1"]["gpus"]["cuda"] == "12.4"
    assert record["rs1"]["gpus"]["cards"][1]["throttling"] == ("hardware thermal slowdown",)
    assert record["rs2"]["gpus"] is None


def test_without_any_gpu_there_is_no_column() -> None:
    state = look_at(INVENTORY, replay(recording("healthy")), ClusterRecord())
    assert not any("GPUs" in line for line in shown(state))


@pytest.mark.parametrize(
    ("cards", "told", "said"),
    [
        (
            [{}, {"index": 1, "lost": "GPU is lost"}],
            {"lacking": ["1 of 2 GPUs are there", "GPU 1 is lost: GPU is lost"]},
            ["rs1: 1 of 2 GPUs are there; GPU 1 is lost: GPU is lost"],
        ),
        ([{"lost": "GPU is lost"}], {}, ["rs1: GPU 0 is lost: GPU is lost"]),
        (
            [{"ecc_uncorrected": 3}],
            {},
            ["rs1: GPU 0 (NVIDIA H100 80GB HBM3) has 3 uncorrectable memory errors"],
        ),
        (
            [{}],
            {"kernel": ["[9.1] NVRM: Xid (PCI:0000:41:00): 79, pid=1, fallen off the bus"]},
            ["rs1: GPU 0 (NVIDIA H100 80GB HBM3) had Xid 79 since the host was started"],
        ),
        # A program's own fault.
        ([{}], {"kernel": ["[9.1] NVRM: Xid (PCI:0000:41:00): 31, pid=1"]}, []),
        (
            [],
            {"problem": "the NVIDIA driver does not work: Driver/library version mismatch"},
            ["rs1: the NVIDIA driver does not work: Driver/library version mismatch"],
        ),
    ],
)
def test_a_gpu_that_cannot_be_trusted_is_a_fault_with_a_fix(
    cards: list[dict[str, Any]], told: dict[str, Any], said: list[str]
) -> None:
    assert faults(seen(*cards, **told)) == said
