"""Inventories that documents show are right, to the last warning."""

import re
from pathlib import Path

import pytest

from provisioning.model.derived.engine_needs import artifacts_of, engine_extras
from provisioning.model.loader.load import parse_inventory
from tests.model.marked import SMALLEST, diagnostics

_ROOT = Path(__file__).resolve().parents[2]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_ENGINES = (_ROOT / "docs/engines.md").read_text(encoding="utf-8")


def _blocks(text: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)


def test_the_first_inventory_of_the_readme_is_for_gpus() -> None:
    (gpus, *_) = _blocks(_README)
    assert gpus in _README.split("## On GPU servers")[1].split("\n## ")[0]
    assert _README.index("## On GPU servers") < _README.index("## On your own servers")
    reading = parse_inventory(gpus, Path("inventory.yaml"))
    assert reading.warnings == []
    assert set(artifacts_of(reading.inventory)) == {"cosyvoice3-model", "cosyvoice3-repository"}
    assert engine_extras(reading.inventory.app) == ["cosyvoice-cuda12"]


@pytest.mark.parametrize("block", _blocks(_README), ids=range(len(_blocks(_README))))
def test_inventories_of_the_readme_are_right(block: str) -> None:
    assert diagnostics(block) == []


@pytest.mark.parametrize(
    "block", [one for one in _blocks(_ENGINES) if "\napp:" in f"\n{one}"], ids=["own", "others"]
)
def test_engines_are_given_as_their_document_says(block: str, tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    if "studio" in block:
        # Of a package that is not here: its settings are not known.
        block = re.sub(r", settings.*", "}", block)
    text = "\n".join(SMALLEST.values()) + f"\n{block}"
    assert diagnostics(text, tmp_path) == []
