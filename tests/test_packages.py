"""The packages that setup.cfg installs are those that exist."""

import ast
import importlib.metadata
import sys
from configparser import ConfigParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import app
from provisioning.model.app_source import INSTALLED

_ROOT = Path(__file__).resolve().parents[1]
_SETUP = ConfigParser(interpolation=None)
_SETUP.read(_ROOT / "setup.cfg", encoding="utf-8")


def _lines(key: str) -> list[str]:
    return _SETUP["options"][key].split("\n")[1:]


def test_every_folder_is_a_package_of_the_list() -> None:
    folders = dict(line.split(" = ") for line in _lines("package_dir"))
    found = {
        ".".join((name, *path.parent.relative_to(_ROOT / folder).parts))
        for name, folder in folders.items()
        for path in (_ROOT / folder).rglob("*.py")
    }
    assert _lines("packages") == sorted(found)


def test_the_app_has_one_installed_name() -> None:
    assert app.INSTALLED_NAME == INSTALLED
    assert INSTALLED in _lines("packages")


def _named(lines: str) -> set[str]:
    """Names of the packages that a list in setup.cfg requires."""
    wanted = (line for line in lines.split("\n")[1:] if not line.startswith("#"))
    return {canonicalize_name(Requirement(line).name) for line in wanted}


def _imported(path: Path) -> set[str]:
    """Top-level modules of other projects that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"cosyvoice_cluster"}


def test_the_extra_app_has_by_itself_all_that_the_app_imports() -> None:
    extras = _SETUP["options.extras_require"]
    brought = _named(extras["app"])
    # What an engine needs besides is its own extra's, or in its checkout's environment; and what
    # watches the web process is chosen too.
    besides = _named(extras["gpu"]) | _named(extras["kokoro"]) | _named(extras["gunicorn"])
    distributions = importlib.metadata.packages_distributions()
    for path in (_ROOT / "app").rglob("*.py"):
        engine = "engines" in path.relative_to(_ROOT).parts
        for module in _imported(path):
            names = {canonicalize_name(name) for name in distributions.get(module, [])}
            if engine and not names & _named(_SETUP["options"]["install_requires"]):
                continue
            assert names & (brought | besides | {"gradio-client"}), f"{path}: {module}"


def test_nothing_that_the_app_does_not_import_is_brought_for_the_cli() -> None:
    app_needs = _named(_SETUP["options.extras_require"]["app"])
    shared = _named(_SETUP["options"]["install_requires"]) & app_needs
    assert shared == {"click", "jinja2", "pydantic"}
