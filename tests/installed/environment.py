"""A fresh environment for an install; what that needs is lent by the tests' own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SOURCE = ("app", "provisioning", "templates")
_BESIDE = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def install(self, *what: str) -> None:
        pip = [sys.executable, *_PIP, "--python", self.python]
        _run([*pip, "install", "--no-deps", *what], self.folder)

    def run(self, *words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A program of the environment, as its user runs it in a folder of his own."""
        program = str(self.folder / "bin" / words[0])
        return subprocess.run(
            [program, *words[1:]],
            cwd=cwd,
            env=clean(environment),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )


def clean(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would lead to the checkout."""
    ours = ("PYTHONPATH", "VIRTUAL_ENV", "COSYVOICE_", "GRADIO_")
    return {key: value for key, value in os.environ.items() if not key.startswith(ours)} | {**more}


def checkout(folder: Path) -> Path:
    """A copy of what is installed: building leaves files behind."""
    source = folder / "source"
    for name in _SOURCE:
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in _BESIDE:
        shutil.copy(ROOT / name, source)
    return source


def build(source: Path) -> Path:
    """The wheel, as the build program makes it of a checkout."""
    (source / "scripts").mkdir(exist_ok=True)
    program = shutil.copy(ROOT / "scripts" / "build", source / "scripts")
    shown = _run([str(program)], source)
    (wheel,) = (source / "dist").glob("*.whl")
    assert shown.strip() == f"dist/{wheel.name}"
    return wheel


def environment(folder: Path, *what: str) -> Environment:
    """An environment that has what pip is told to install, and lends all other packages."""
    place = folder / "venv"
    _run([sys.executable, "-m", "venv", "--without-pip", str(place)], folder)
    made = Environment(place)
    # First, or pip takes one that is lent for it.
    made.install(*what)
    (packages,) = place.glob("lib/python3*/site-packages")
    # Not --system-site-packages, which lends what the tests' environment is made from. A .pth file
    # in a folder that is lent so is not read: an editable install there stays away.
    (packages / "lent.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n", encoding="utf-8")
    return made


def _run(command: list[str], cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=clean({}), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
