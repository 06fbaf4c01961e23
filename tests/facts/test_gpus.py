"""GPUs of a host: the probe over a stand-in driver, as it runs on hosts, and recorded answers."""

import json
import os
from pathlib import Path

import pytest

from app.gpus.reading import _RECOVERY
from app.gpus.xids import APPLICATION, FATAL
from provisioning.engine.observe import run_fragments
from provisioning.facts import gpus as fact
from provisioning.facts.gpus import (
    FATAL_XIDS,
    GpusFound,
    build_required,
    gpus,
    gpus_required,
)
from provisioning.model.engine_declaration import Build
from provisioning.model.gpus import Gpus
from provisioning.resources.base import Observation
from provisioning.transport.local import LocalTransport
from tests.gpu_driver.cards import GIB, LOST, Cards, build, cards

KERNEL = """\
[    1.000000] nvidia: loading out-of-tree module taints kernel.
[  812.101010] NVRM: Xid (PCI:0000:41:00): 31, pid=812, name=python, Ch 00000008, intr 00000000.
[ 9123.456789] NVRM: GPU at PCI:0000:42:00: GPU-5d0a1c3e-0000-0000-0000-000000000001
[ 9123.456790] NVRM: Xid (PCI:0000:42:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off
[ 9124.000000] NVRM: Xid (PCI:0000:43:00): 154, GPU recovery action changed to Node Reboot
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cards:
    """A host with a driver, whose kernel has a log."""
    build(tmp_path)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("LD_LIBRARY_PATH"))))
    monkeypatch.setenv("LD_LIBRARY_PATH", path)
    made = cards(tmp_path / "cards")
    monkeypatch.setenv("NVML_CARDS", str(made.folder))
    dmesg = tmp_path / "dmesg"
    (tmp_path / "kernel").write_text(KERNEL)
    dmesg.write_text(f"#!/bin/sh\ncat {tmp_path}/kernel\n")
    dmesg.chmod(0o755)
    return made


def asked(fragment: str) -> Observation:
    return run_fragments("here", LocalTransport(), {"it": fragment}, root=False, timeout=60)["it"]


def found(expected: Gpus, dmesg: str = "true") -> GpusFound:
    question = gpus(expected, python="python3", dmesg=dmesg)
    seen = question.parse(asked(question.fragment))
    assert seen is not None
    return seen


def test_every_card_is_told_with_what_the_kernel_says_of_it(driver: Cards) -> None:
    driver.add(0, throttling=0x44)
    driver.add(
        1, name="NVIDIA L4", ecc_uncorrected=None, utilization=None, processes="7 8 9", recovery=2
    )
    driver.split(1, 0)
    driver.split(1, 1)
    seen = found(Gpus(count=2), dmesg=str(driver.folder.with_name("dmesg")))
    assert (seen.driver, seen.cuda, seen.problem, seen.lacking) == ("550.54.15", "12.4", "", ())
    first, second = seen.cards
    assert (first.name, first.uuid[:4], first.temperature) == ("NVIDIA H100 80GB HBM3", "GPU-", 64)
    assert (first.memory_total, first.memory_used) == (80 * GIB, 3 * GIB)
    assert (first.utilization, first.ecc_uncorrected, first.processes) == (75, 0, 2)
    assert first.throttling == ("power cap", "hardware thermal slowdown")
    assert (first.xids, first.fatal_xids) == ((31,), ())
    assert (second.ecc_uncorrected, second.utilization, second.processes) == (None, None, 3)
    assert (first.power, first.recovery) == (412, "")
    assert second.recovery == "a reboot of its host"
    assert (second.mig, second.xids, second.fatal_xids) == (2, (79,), (79,))
    assert seen.other_xids == (154,)


def test_a_lost_card_hides_no_other_and_is_lacking(driver: Cards) -> None:
    driver.add(0)
    driver.add(1, error=LOST)
    driver.add(2)
    seen = found(Gpus(count=3))
    assert [card.lost for card in seen.cards] == ["", "GPU is lost", ""]
    assert seen.lacking == ("2 of 3 GPUs are there", "GPU 1 is lost: GPU is lost")
    driver.set(1, error=None, name=None)
    assert found(Gpus(count=3)).lacking == ()


@pytest.mark.parametrize(
    ("expected", "lacking"),
    [
        (Gpus(count=1), ()),
        (Gpus(count=0), ()),
        (Gpus(count=1, model="h100", memory=80), ()),
        (Gpus(count=2), ("1 of 2 GPUs are there",)),
        (Gpus(model="A100"), ("GPU 0 is a NVIDIA H100 80GB HBM3, not a A100",)),
        (Gpus(memory=141), ("GPU 0 has 86 GB, not 141",)),
    ],
)
def test_what_is_expected_is_compared(
    driver: Cards, expected: Gpus, lacking: tuple[str, ...]
) -> None:
    driver.add(0)
    assert found(expected).lacking == lacking
    required = asked(gpus_required(expected, python="python3"))
    assert (required.status, required.stdout.strip()) == (bool(lacking), "; ".join(lacking))


_TORCH = Build(extra="x", driver=525, capability=7.0)


@pytest.mark.parametrize(
    ("driver_version", "capability", "said"),
    [
        ("550.54.15", "9.0", ""),
        ("525.60.13", "7.0", ""),
        ("550.54.15", None, ""),
        ("470.256.02", "9.0", "NVIDIA's driver is 470.256.02, and torch needs 525 or newer"),
        (
            "550.54.15",
            "6.1",
            "GPU 0 (NVIDIA H100 80GB HBM3) can do 6.1, and torch runs from 7.0 on",
        ),
    ],
)
def test_a_build_needs_a_driver_and_cards_that_run_it(
    driver: Cards, driver_version: str, capability: str | None, said: str
) -> None:
    driver.add(0, capability=capability)
    (driver.folder / "driver").write_text(f"{driver_version}\n")
    required = asked(build_required("torch", _TORCH, python="python3"))
    assert (required.status, required.stdout.strip()) == (bool(said), said)
    assert found(Gpus(count=1)).cards[0].capability == (float(capability) if capability else None)


def test_a_build_needs_a_driver_and_a_card_at_all(
    driver: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragment = build_required("torch", _TORCH, python="python3")
    assert asked(fragment).stdout.strip() == "there is no GPU"
    monkeypatch.delenv("NVML_CARDS")
    assert (asked(fragment).status, "driver" in asked(fragment).stdout) == (1, True)
    # An interpreter that the deploy brings cannot be asked before it.
    later = build_required("torch", _TORCH, python="/nowhere/python")
    assert asked(later).status == 0


def test_a_host_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NVML_CARDS", raising=False)
    said = found(Gpus(count=2))
    assert said.problem and said.cards == () and said.driver == ""
    assert said.lacking == (f"0 of 2 GPUs are there: {said.problem}",)
    # Without a Python, as before a first deploy, the kernel's folder is counted.
    required = asked(gpus_required(Gpus(count=2), python="/nowhere/python"))
    assert (required.status, required.stdout) == (1, "0 of 2 GPUs are there\n")


def test_a_driver_that_does_not_match_its_kernel_module(driver: Cards) -> None:
    driver.add(0)
    (driver.folder / "error").write_text("18\n")
    said = found(Gpus(count=1))
    assert said.problem == "the NVIDIA driver does not work: Driver/library version mismatch"
    assert said.lacking == (f"0 of 1 GPUs are there: {said.problem}",)


def test_nothing_is_expected_and_there_is_no_driver() -> None:
    question = gpus(None, python="/nowhere/python")
    assert question.parse(asked(question.fragment)) is None


def test_a_probe_that_does_not_run_is_told() -> None:
    question = gpus(Gpus(count=1), python="/nowhere/python")
    seen = question.parse(asked(question.fragment))
    assert seen is not None and "cannot be asked for" in seen.problem


def test_a_recorded_answer() -> None:
    """Of a driver that knows no throttling, and a card that fell off the bus."""
    text = json.dumps(
        {
            "driver": "470.256.02",
            "cuda": [11, 4],
            "problem": "",
            "cards": [{"index": 0, "lost": "Unknown Error"}],
            "kernel": ["[1.0] NVRM: Xid (0000:03:00): 79, pid=1", "[2.0] NVRM: Xid (): what"],
            "lacking": [],
        }
    )
    seen = gpus(None, python="python3").parse(Observation(text, "", 0))
    assert seen is not None
    assert (seen.cuda, seen.cards[0].lost, seen.cards[0].name) == ("11.4", "Unknown Error", "")
    assert seen.other_xids == (79,)


def test_node_and_cli_hold_the_same_for_fatal() -> None:
    assert FATAL_XIDS == FATAL
    assert not FATAL & APPLICATION
    assert fact._RECOVERY == _RECOVERY
