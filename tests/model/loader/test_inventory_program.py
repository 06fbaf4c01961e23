"""Inventories that a program prints, or that come on standard input."""

import io
import sys
from pathlib import Path

import pytest

from provisioning.model.loader.diagnostic import InventoryError
from provisioning.model.loader.load import load_inventory
from tests.model.marked import SMALLEST

_TEXT = "\n".join(SMALLEST.values()) + "\n"


def program(folder: Path, body: str, mode: int = 0o755) -> Path:
    path = folder / "inventory"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(mode)
    return path


def test_what_a_program_prints_is_the_inventory(tmp_path: Path) -> None:
    path = program(tmp_path, f"cat <<'END'\n{_TEXT}END")
    assert list(load_inventory(path).real_servers.hosts) == ["rs1", "rs2"]


def test_a_file_that_is_executable_by_its_file_system_only_is_read(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    path.write_text(_TEXT)
    path.chmod(0o755)
    assert load_inventory(path).virtual_ips


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo asked; echo 'no 令牌' >&2; exit 3", "ended with status 3: no 令牌"),
        ("exit 1", "status 1 and said nothing"),
        ("true", "printed nothing"),
        ("echo '<html>'", "an inventory is one mapping"),
        ("echo 'vip: [1'", "a bracket is not closed|inside brackets"),
    ],
)
def test_a_program_that_gives_none_is_one_error(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(InventoryError, match=said) as raised:
        load_inventory(program(tmp_path, body))
    (one,) = raised.value.diagnostics
    assert one.file == str(tmp_path / "inventory") and one.fix


def test_standard_input_is_an_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{_TEXT}interfce: eth0\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    with pytest.raises(InventoryError) as raised:
        load_inventory(Path("-"))
    (one,) = raised.value.diagnostics
    assert (one.place, one.key) == ("-:5:1", "interfce")
