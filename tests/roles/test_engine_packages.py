"""The deployer knows what each engine needs, from the engine's own declaration."""

import subprocess
import sys
from importlib.util import find_spec

import pytest
import yaml

from app.engines.registry import AUTO, BUILT_IN, BY_CHOICE, GROUP
from provisioning.model.inventory import Inventory
from provisioning.model.runtime import Runtime
from provisioning.resources.base import Requirement
from provisioning.roles.desired import desired_hosts
from provisioning.roles.engine_packages import ENGINES, declared_packages
from tests.app.node_process import PLUGINS
from tests.model.marked import SMALLEST

_NAMES = [point.name for point in BUILT_IN]


@pytest.mark.parametrize("engine", [*_NAMES, AUTO])
def test_every_engine_of_the_app_declares_its_packages(engine: str) -> None:
    packages = declared_packages(engine)
    assert packages
    assert all(find_spec(package) for package in packages), packages


def test_auto_needs_what_its_last_choice_does() -> None:
    assert declared_packages(None) == declared_packages(AUTO) == declared_packages(BY_CHOICE[-1])


@pytest.mark.parametrize("engine", ["studio", "../registry", "engines/espeak", "", "*"])
def test_any_other_engine_is_one_of_another_package(engine: str) -> None:
    expected = declared_packages(AUTO) if engine == "" else None
    assert declared_packages(engine) == expected


def test_engines_of_other_packages_are_announced_in_the_apps_group() -> None:
    assert ENGINES == GROUP


def test_an_engine_that_does_not_say_what_it_needs_must_be_announced_on_the_host() -> None:
    (need,) = (one for one in _requirements("faulty") if "engine" in one.title)
    assert need.title == f"{sys.executable} has the engine faulty"
    assert _run(need, PYTHONPATH=str(PLUGINS)).returncode == 0
    missing = _run(need)
    assert missing.returncode == 1
    assert missing.stdout == "no package there announces an engine of that name\n"


@pytest.mark.parametrize("engine", _NAMES)
def test_an_engine_of_the_app_is_asked_for_by_its_packages(engine: str) -> None:
    (need,) = (one for one in _requirements(engine) if "has what" in one.title)
    for package in declared_packages(engine) or ():
        assert f"/{package} ]" in need.probe
    assert _run(need).returncode == 0


def test_a_name_is_text_for_the_shell_and_for_python() -> None:
    name = "a'; import os; os._exit(0)  # \"$(exit 0)"
    (need,) = (one for one in _requirements(name) if "engine" in one.title)
    assert _run(need).returncode == 1


def _requirements(engine: str) -> tuple[Requirement, ...]:
    content = yaml.safe_load("\n".join(SMALLEST.values()))
    # Not as a file: this interpreter may be where no node's could be, such as in /var/tmp.
    inventory = Inventory.model_validate(
        {**content, "app": {"python": sys.executable, "engine": engine}}
    )
    return desired_hosts(inventory, None, Runtime())["rs1"].requirements


def _run(need: Requirement, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", need.probe], capture_output=True, text=True, check=False, env=environment
    )
