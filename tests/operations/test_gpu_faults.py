"""GPUs in `cluster status`: what is told of them, and what is a fault."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from provisioning.cli.running import cluster
from provisioning.cli.views.status import status_view
from provisioning.facts.app.card_service import card_service
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


def taken_out(state: ClusterState, *, ready: bool = True, **cards: Any) -> ClusterState:
    """The same, where the app on rs1 says this of its cards."""
    server = state.real_servers["rs1"]
    assert server.app is not None
    told: Any = {"mode": "drain", "out": [], "stays": "", "history": [], **cards}
    reasons = "" if ready else "; ".join(card["reason"] for card in told["out"])
    app = replace(server.app, cards=card_service(told), not_ready=reasons)
    answers = {
        place: replace(answer, ok=ready, text=answer.text if ready else f"status 503: {reasons}")
        for place, answer in server.answers.items()
    }
    state.real_servers["rs1"] = replace(server, app=app, answers=answers)
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
    console = Console(width=250, file=io.StringIO(), record=True)
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


def test_what_speaks_is_shown_and_a_robot_on_gpus_is_a_hint() -> None:
    state = seen({})
    record = status_record(INVENTORY, state, [])
    assert record["real_servers"]["rs1"]["engine"] == "espeak"
    (hint,) = record["hints"]
    assert hint.startswith("rs1: what speaks is a robot's voice (eSpeak NG), although there are")
    assert any("espeak" in line for line in shown(state))
    assert status_record(INVENTORY, seen(), [])["hints"] == []


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
        ([{"lost": "GPU is lost"}], {}, ["rs1: GPU 0: lost: GPU is lost"]),
        (
            [{"ecc_uncorrected": 3}],
            {},
            ["rs1: GPU 0: 3 uncorrectable memory errors"],
        ),
        (
            [{}],
            {"kernel": ["[9.1] NVRM: Xid (PCI:0000:41:00): 79, pid=1, fallen off the bus"]},
            ["rs1: GPU 0: Xid 79 since the host was started"],
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


LOST = {"gpu": 1, "reason": "GPU 1 is lost: GPU is lost", "back_in": None}
ECC = {"gpu": 0, "reason": "GPU 0 (H100) has 3 uncorrectable memory errors", "back_in": None}
XID = {"gpu": 1, "reason": "GPU 1 (H100) had Xid 79", "back_in": None}
OFF_THE_BUS = "[9.1] NVRM: Xid (PCI:0000:42:00): 79, pid=1, fallen off the bus"
SECOND = {"index": 1, "pci": "00000000:42:00.0"}


def _after_tables(lines: list[str]) -> int:
    return next(n for n, line in enumerate(lines) if line.startswith(("All well", "rs1: ")))


def conditions() -> dict[str, ClusterState]:
    """A node with two cards in every condition, by its name."""
    lost = {"lacking": ["1 of 2 GPUs are there", "GPU 1 is lost: GPU is lost"]}
    gone = (SECOND | {"lost": "GPU is lost"},)
    xid = {"kernel": [OFF_THE_BUS]}
    mismatch = {"problem": "the NVIDIA driver does not work: Driver/library version mismatch"}
    return {
        "whole, hot and slow": seen({"throttling": 0x40, "temperature": 91}, SECOND),
        "a card is lost": seen({}, *gone, **lost),
        "a card is lost and out": taken_out(seen({}, *gone, **lost), out=[LOST]),
        "a card had a fatal Xid, and the app was started since": seen({}, SECOND, **xid),
        "it has it in its memory": taken_out(seen({}, SECOND, **xid), out=[XID]),
        "a reset without a reboot, and no trace of it": taken_out(seen({}, SECOND), out=[XID]),
        "both cards are out, and the node": taken_out(
            seen({"ecc_uncorrected": 3, "recovery": 1}, SECOND, **xid), out=[XID, ECC], ready=False
        ),
        "both are out, and the node stays": taken_out(
            seen({"ecc_uncorrected": 3}, SECOND, **xid),
            out=[ECC, XID],
            stays="1 other node is ready, and 2 have to be",
        ),
        "a card is whole again": taken_out(seen({}, SECOND), out=[XID | {"back_in": 43.2}]),
        "eight cards with the same": seen(*({"index": n, "ecc_uncorrected": 1} for n in range(8))),
        "no driver": seen(**mismatch),
    }


def test_what_an_operator_sees_of_cards_in_every_condition() -> None:
    """The row of rs1 and all faults, with their fixes."""
    golden = Path(__file__).parent / "golden" / "gpus.txt"
    text = ""
    for name, state in conditions().items():
        faults(state)
        lines = shown(state)
        row = next(line for line in lines if line.startswith("rs1 yes"))
        told = lines[_after_tables(lines) :]
        text += "\n".join((f"== {name}", row, *told)).rstrip() + "\n\n"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
