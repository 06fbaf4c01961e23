"""The deployer knows what each engine needs, from the engine's own declaration."""

import subprocess
import sys
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from app.engines.registry import AUTO, BUILT_IN, BY_CHOICE, GROUP
from provisioning.model.derived.engine_needs import engine_extras
from provisioning.model.engine_declaration import ENGINES, declaration, declared_packages
from provisioning.model.inventory import Inventory
from provisioning.model.loader.load import parse_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.release import build_release
from provisioning.resources.base import Requirement
from provisioning.roles.desired import desired_hosts
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


_SETUP = ConfigParser(interpolation=None)
_SETUP.read(Path(__file__).resolve().parents[2] / "setup.cfg", encoding="utf-8")
_EXTRAS = {name: text.split() for name, text in _SETUP["options.extras_require"].items()}


@pytest.mark.parametrize("engine", ["cosyvoice2", "cosyvoice3"])
@pytest.mark.parametrize("version", ["12", "13", "cpu"])
def test_a_build_is_an_extra_with_the_torch_that_it_says(engine: str, version: str) -> None:
    declared = declaration(engine)
    assert declared is not None
    build = declared.builds[version]
    assert {f"torch=={build.torch}", "cosyvoice-cluster[cosyvoice]"} <= {*_EXTRAS[build.extra]}
    assert {*build.settings.values()} <= {*_EXTRAS}
    assert {*build.settings} <= {*declared.settings}


@pytest.mark.parametrize(
    ("more", "extras"),
    [
        ("", ["cosyvoice-cuda12"]),
        (", cuda: 13, vllm: true, tensorrt: no", ["cosyvoice-cuda13", "vllm-cuda13"]),
        (", fp16: true, tensorrt: true", ["cosyvoice-cuda12", "tensorrt-cuda12"]),
        (", gpus: none", ["cosyvoice-cpu"]),
    ],
)
def test_the_inventory_chooses_the_packages(more: str, extras: list[str]) -> None:
    app = _inventory(f"venv: true, engine: {{name: cosyvoice3, model: {{on_nodes: /m}}{more}}}").app
    assert engine_extras(app) == extras


def test_an_environment_has_what_the_engine_needs(tmp_path: Path) -> None:
    engine = "engine: {name: cosyvoice3, model: {on_nodes: /m}, cuda: 13}"
    lines = _packages(tmp_path, f"venv: {{extras: [gpu], requirements: [mine]}}, {engine}")
    assert {"torch==2.13.0", "hyperpyyaml==1.2.3", "mine"} <= {*lines}
    assert not [line for line in lines if line.startswith("cosyvoice-cluster")]
    assert "torch" not in " ".join(_packages(tmp_path, "venv: true, engine: espeak"))
    release = build_release(_inventory(f"venv: true, {engine}").app, tmp_path)
    assert release.environment is not None
    assert release.environment.summary.endswith("index, with torch 2.13.0 for CUDA 13.0")
    own = "engine: {name: studio, package: 'studio-engine==1.0'}"
    assert "studio-engine==1.0" in _packages(tmp_path, f"venv: true, {own}")


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ("", "its driver and GPUs run torch 2.10.0 for CUDA 12.8"),
        (", cuda: 13", "its driver and GPUs run torch 2.13.0 for CUDA 13.0"),
        (", gpus: none", None),
    ],
)
def test_the_driver_has_to_fit_the_torch_that_is_installed(more: str, title: str | None) -> None:
    engine = f"engine: {{name: cosyvoice3, model: {{on_nodes: /m}}{more}}}"
    needs = _needs(f"venv: true, {engine}")
    found = [need for need in needs if "driver" in need.title]
    assert [need.title for need in found] == ([title] if title else [])
    assert all("cuda: 1" in need.fix for need in found)
    # Nobody knows the torch of an environment that you keep.
    assert not [one for one in _needs(engine) if "driver" in one.title]


def test_a_name_is_text_for_the_shell_and_for_python() -> None:
    name = "a'; import os; os._exit(0)  # \"$(exit 0)"
    (need,) = (one for one in _requirements(name) if "engine" in one.title)
    assert _run(need).returncode == 1


def _inventory(app: str) -> Inventory:
    text = "\n".join({**SMALLEST, "app": f"app: {{{app}}}"}.values()) + "\n"
    return parse_inventory(text, Path("inventory.yaml")).inventory


def _needs(app: str) -> tuple[Requirement, ...]:
    return desired_hosts(_inventory(app), None, Runtime())["rs1"].requirements


def _packages(folder: Path, app: str) -> list[str]:
    """Requirements of the environment that a release gets."""
    return (
        build_release(_inventory(app).app, folder).needs["requirements.txt"].decode().splitlines()
    )


def _requirements(engine: str) -> tuple[Requirement, ...]:
    own: dict[str, object] = {"name": engine}
    if engine.startswith("cosyvoice"):
        own["model"] = {"on_nodes": "/srv/model"}
    # Not as a file: this interpreter may be where no node's could be, such as in /var/tmp.
    content = yaml.safe_load("\n".join(SMALLEST.values()))
    inventory = Inventory.model_validate(
        {**content, "app": {"python": sys.executable, "engine": own}}
    )
    return desired_hosts(inventory, None, Runtime())["rs1"].requirements


def _run(need: Requirement, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", need.probe], capture_output=True, text=True, check=False, env=environment
    )
