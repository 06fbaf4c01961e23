"""Folders of the app import each other in one direction only."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from tests.app.node_process import ROOT

APP = ROOT / "app"


def imported(file: Path) -> Iterator[str]:
    """Modules of the app that a file names, as `app.folder.module`, wherever it does."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("app."))
        elif isinstance(node, ast.ImportFrom) and node.module == "app":
            yield from (f"app.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            yield node.module or ""


def test_no_two_folders_import_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for file in APP.rglob("*.py"):
        room = file.relative_to(APP).parts[0].removesuffix(".py")
        graph.setdefault(room, set()).update(name.split(".")[1] for name in imported(file))
    for room, others in graph.items():
        others.discard(room)
    assert "workers" in graph["work_sharing"], "the graph is not empty"
    # Raises CycleError, which names the circle.
    TopologicalSorter(graph).prepare()
