"""The plan asks for a Python that the app runs on, before anything is changed."""

import subprocess
import sys
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.model.loader.load import parse_inventory
from provisioning.model.runtime import Runtime
from provisioning.resources.base import Requirement
from provisioning.roles.desired import desired_hosts
from tests.model.marked import SMALLEST

_NAMED = "/opt/解释器"
_TITLE = "the app's interpreter is Python 3.11 or newer"


def _need(app: str) -> Requirement | None:
    text = "\n".join({**SMALLEST, "app": f"app: {app}"}.values()) + "\n"
    inventory = parse_inventory(text, Path("inventory.yaml")).inventory
    needs = desired_hosts(inventory, None, Runtime())["rs1"].requirements
    return next((need for need in needs if need.title == _TITLE), None)


def _led_to(need: Requirement, python: str) -> Requirement:
    """The requirement of another interpreter: no inventory may name one in /tmp or a home."""
    return replace(need, probe=need.probe.replace(_NAMED, python))


def _run(need: Requirement, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-euc", need.probe],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{path}:/usr/bin:/bin", "LC_ALL": "C"},
    )


def _program(path: Path, says: str) -> Path:
    path.write_text(f"#!/bin/sh\ncat <<'SAYS'\n{says}\nSAYS\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_it_is_the_version_that_the_package_asks_for() -> None:
    setup = ConfigParser(interpolation=None)
    setup.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
    assert setup["options"]["python_requires"].removeprefix(">=") in _TITLE


@pytest.mark.parametrize("app", ["{{python: {0}}}", "{{venv: {{python: {0}}}}}"])
@pytest.mark.parametrize(
    ("version", "status"),
    [("2.7", 1), ("3.9", 1), ("3.10", 1), ("3.11", 0), ("3.13", 0), ("3.20", 0), ("4.0", 0)],
)
def test_an_interpreter_that_is_there_is_asked(
    app: str, version: str, status: int, tmp_path: Path
) -> None:
    python = _program(tmp_path / "解释器", version)
    need = _need(app.format(_NAMED))
    assert need is not None
    done = _run(_led_to(need, str(python)), tmp_path)
    assert done.returncode == status, done.stderr
    assert done.stdout == (f"{python} is Python {version}\n" if status else "")
    assert "on Ubuntu 22.04" in need.fix.replace("; on", " on")


def test_this_one_will_do(tmp_path: Path) -> None:
    need = _need(f"{{python: {_NAMED}}}")
    assert need is not None
    assert _run(_led_to(need, sys.executable), tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ("3.10.6-1~22.04.1", "3.10.6"),
        ("3.9.2-3", "3.9.2"),
        ("3.11.2-1+b1", ""),
        ("3.13.5-1", ""),
        ("(none)", ""),
    ],
)
def test_apt_is_asked_for_one_that_it_will_install(
    candidate: str, said: str, tmp_path: Path
) -> None:
    policy = f"python3.99:\n  Installed: (none)\n  Candidate: {candidate}\n  Version table:"
    _program(tmp_path / "apt-cache", policy)
    need = _need("{venv: {python: /usr/bin/python3.99}}")
    assert need is not None
    done = _run(need, tmp_path)
    assert (done.returncode != 0) is bool(said), done.stderr
    assert done.stdout == (f"/usr/bin/python3.99 is Python {said}\n" if said else "")


def test_the_default_of_init_is_asked_too_and_an_app_from_elsewhere_is_not() -> None:
    assert _need("{venv: true}") is not None
    assert _need("{source: https://git.example.com/v.git, ref: v1, venv: true}") is None
