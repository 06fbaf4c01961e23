"""The packages that setup.cfg installs are those that exist."""

from configparser import ConfigParser
from pathlib import Path

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
