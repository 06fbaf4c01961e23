"""Choice of the workers' GPUs."""

import sys
from pathlib import Path

import pytest

from app.gpus.selection import GpuSelectionError, selected_gpus
from tests.gpu_driver.cards import LOST, build, cards, load


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without NVML, and with only those programs that the test puts into a folder."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _nvidia_smi(folder: Path, script: str) -> None:
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("inherit", None),
        ("none", ()),
        ("0", ("0",)),
        ("0, 2,10", ("0", "2", "10")),
        ("GPU-5d0a1c3e-0001,MIG-0a1b2c3d", ("GPU-5d0a1c3e-0001", "MIG-0a1b2c3d")),
    ],
)
def test_cards_that_are_named(wanted: str, found: tuple[str, ...] | None) -> None:
    assert selected_gpus(wanted) == found


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("", "'' is not a GPU; write inherit, none, all, or a list such as 0,1"),
        ("0,,1", "'' is not a GPU"),
        ("-1", "'-1' is not a GPU"),
        ("ALL", "'ALL' is not a GPU"),
        ("GPU", "'GPU' is not a GPU"),
        ("全部", "'全部' is not a GPU"),
        ("1,1", "names a GPU twice; use --jobs-per-gpu"),
    ],
)
def test_cards_that_are_none(wanted: str, said: str) -> None:
    with pytest.raises(GpuSelectionError, match=said):
        selected_gpus(wanted)


def test_all_without_a_driver_is_told(bare: Path) -> None:
    with pytest.raises(GpuSelectionError, match=r"neither NVML .* nor nvidia-smi works here"):
        selected_gpus("all")
    _nvidia_smi(bare, "echo 'NVIDIA-SMI has failed' ; exit 9")
    with pytest.raises(GpuSelectionError, match="neither NVML"):
        selected_gpus("all")


def test_all_by_nvidia_smi(bare: Path) -> None:
    _nvidia_smi(bare, "echo GPU-5d0a1c3e-0001; echo GPU-5d0a1c3e-0002")
    assert selected_gpus("all") == ("GPU-5d0a1c3e-0001", "GPU-5d0a1c3e-0002")
    _nvidia_smi(bare, "exit 0")
    with pytest.raises(GpuSelectionError, match="finds no GPU"):
        selected_gpus("all")


def test_all_by_nvml_leaves_out_a_broken_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load(build(tmp_path))
    driver = cards(tmp_path / "cards")
    for index in range(3):
        driver.add(index, uuid=f"GPU-a1b{index}")
    monkeypatch.setenv("NVML_CARDS", str(driver.folder))
    assert selected_gpus("all") == ("GPU-a1b0", "GPU-a1b1", "GPU-a1b2")
    driver.set(1, error=LOST)
    assert selected_gpus("all") == ("GPU-a1b0", "GPU-a1b2")
