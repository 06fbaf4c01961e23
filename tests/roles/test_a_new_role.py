"""A role is added by the files of ``a_new_role`` and a line each in inventory and registry.

They are laid over a copy of the repository, where their own tests run, and those that hold what
must not change.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OVERLAY = Path(__file__).parent / "a_new_role"
LINES = {
    "provisioning/model/inventory.py": {
        "from .service import": "from .probes import Probes\n",
        "    clients: Clients": "    probes: Probes | None = None\n"
        '    """Machines that open the page through the VIP."""\n',
    },
    "provisioning/roles/registry.py": {
        "from .real_server.real_server import": "from .probe import PROBES\n",
        ')\n"""In the order': "    PROBES,\n",
    },
}
"""Lines to add to existing files, by the text they go before."""
UNCHANGED = [
    "tests/roles/test_golden.py",
    "tests/roles/test_registry.py",
    "tests/model/derived/test_resolve.py",
    "tests/operations/test_deployed_hosts.py",
    "tests/cli/test_init.py::test_the_repositorys_inventory_is_what_init_writes",
    "tests/lab/test_topology.py::test_default_lab_has_the_addresses_that_the_documents_name",
]
"""Tests of a cluster without such hosts."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the new role."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("provisioning", "templates", "tests", "docs"):
        ignored = shutil.ignore_patterns("__pycache__", OVERLAY.name)
        shutil.copytree(REPOSITORY / name, tree / name, ignore=ignored)
    for name in ("setup.cfg", "inventory.yaml"):
        shutil.copy(REPOSITORY / name, tree)
    (tree / "app").symlink_to(REPOSITORY / "app")
    for file in files():
        (tree / file).parent.mkdir(exist_ok=True)
        assert not (tree / file).exists()
        shutil.copy(OVERLAY / file, tree / file)
    for name, lines in LINES.items():
        for before, text in lines.items():
            content = (tree / name).read_text(encoding="utf-8")
            assert content.count(before) == 1, f"{name}: {before}"
            (tree / name).write_text(content.replace(before, text + before), encoding="utf-8")
    return tree


def files() -> list[Path]:
    return sorted(
        path.relative_to(OVERLAY)
        for path in OVERLAY.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def run_tests(tree: Path, *names: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        [*command, "--basetemp", str(tree / "temporary")],
        cwd=tree,
        env={**environment, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_takes_five_pieces() -> None:
    pieces = {tuple(file.parts[:2]) for file in files()}
    assert pieces == {
        ("provisioning", "model"),
        ("provisioning", "roles"),
        ("templates", "probe"),
        ("tests", "roles"),
        ("docs", "probes.md"),
    }


def test_it_works_from_validation_to_destruction_and_nothing_changes_without(tree: Path) -> None:
    # One process: what they import takes as long as they do.
    run_tests(tree, "tests/roles/test_probe.py", *UNCHANGED)
