"""Inventories with a mark (▸) where a mistake is, so that a test shows the place it expects."""

from dataclasses import dataclass
from pathlib import Path

from provisioning.model.loader.diagnostic import Diagnostic, InventoryError
from provisioning.model.loader.load import Reading, parse_inventory

MARK = "▸"

SMALLEST = {
    "vip": "vip: 192.168.1.100",
    "interface": "interface: eth0",
    "directors": "directors: {hosts: {lvs1: 192.168.1.11, lvs2: 192.168.1.12}}",
    "real_servers": "real_servers: {hosts: {rs1: 192.168.1.101, rs2: 192.168.1.102}}",
}


@dataclass(frozen=True)
class Case:
    """A mistake: blocks in place of the smallest inventory's or behind them, and what is said."""

    blocks: dict[str, str]
    key: str
    message: str
    fix: str = ""
    found: str | None = None
    allowed: str = ""
    severity: str = "error"
    mark: str = MARK

    @property
    def text(self) -> str:
        """The inventory, with the mark."""
        return "\n".join({**SMALLEST, **self.blocks}.values()) + "\n"


def error(
    key: str,
    message: str,
    fix: str = "",
    /,
    *,
    found: str | None = None,
    allowed: str = "",
    **blocks: str,
) -> Case:
    """A case that must be an error."""
    return Case(blocks, key, message, fix, found, allowed)


def warns(
    key: str,
    message: str,
    fix: str = "",
    /,
    *,
    found: str | None = None,
    allowed: str = "",
    **blocks: str,
) -> Case:
    """A case that must be a warning."""
    return Case(blocks, key, message, fix, found, allowed, "warning")


def diagnostics(text: str, folder: Path = Path()) -> list[Diagnostic]:
    """Everything there is to say about an inventory."""
    try:
        reading: Reading = parse_inventory(text, folder / "inventory.yaml")
    except InventoryError as raised:
        return raised.diagnostics
    return reading.warnings


def place_of(text: str) -> tuple[int, int]:
    """Line and column of the mark."""
    before = text[: text.index(MARK)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def check(case: Case, folder: Path = Path()) -> None:
    """The one diagnostic is the expected one, at the mark."""
    said = diagnostics(case.text.replace(MARK, ""), folder)
    shown = "\n".join(str(diagnostic) for diagnostic in said)
    assert [diagnostic.key for diagnostic in said] == [case.key], shown
    diagnostic = said[0]
    assert diagnostic.severity == case.severity
    assert case.message in diagnostic.message, shown
    assert case.fix in diagnostic.fix, shown
    assert case.allowed in diagnostic.allowed, shown
    if case.found is not None:
        assert diagnostic.found == case.found, shown
    assert (diagnostic.line, diagnostic.column) == place_of(case.text), shown
