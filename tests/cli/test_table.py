"""Tables on terminals of any width."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from provisioning.cli.views.table import FittingTable


def drawn(width: int) -> list[str]:
    table = FittingTable(headings=("host", "state", "reason", "release"))
    table.add_row("rs1", "unreachable")
    table.add_row("rs2", "drained", "换内存条，下午四点以前回来", "0.1.0-110f1d9ae2af")
    file = io.StringIO()
    Console(file=file, width=width).print(table)
    return file.getvalue().splitlines()


def test_columns_where_they_fit() -> None:
    assert drawn(80)[0].split() == ["host", "state", "reason", "release"]


@pytest.mark.parametrize("width", [60, 40])
def test_nothing_is_cut_off_where_they_do_not(width: int) -> None:
    lines = drawn(width)
    assert max(map(cell_len, lines)) <= width
    assert lines[0].strip() == "rs1" and lines[1].strip() == "state unreachable"
    text = " ".join(line.strip() for line in lines)
    assert "reason 换内存条，下午四点以前回来" in text and "release 0.1.0-110f1d9ae2af" in text
    assert "…" not in text
