"""Facts stand on the engine, the model and paths, and know of nobody above them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import provisioning.facts

FOLDER = Path(provisioning.facts.__file__).parent
ALLOWED = {"engine", "errors", "facts", "model", "node_api", "places", "resources", "transport"}


def rooms(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("provisioning."):
            yield str(node.module).split(".")[1]


def test_facts_import_from_lower_floors_only() -> None:
    found = {(file.name, room) for file in FOLDER.rglob("*.py") for room in rooms(file)}
    assert len(found) > 40
    assert {one for one in found if one[1] not in ALLOWED} == set()


def test_no_floor_below_imports_facts() -> None:
    for room in ("engine", "model", "resources", "transport"):
        for file in (FOLDER.parent / room).rglob("*.py"):
            assert "facts" not in set(rooms(file)), file


def test_verify_and_status_share_facts_and_not_each_other() -> None:
    folder = FOLDER.parent / "operations" / "verify"
    for file in folder.glob("*.py"):
        assert "operations.status" not in file.read_text(encoding="utf-8"), file
