"""The wheel: what is in it, and that all of it works beside somebody's own ``app``."""

import email
import json
import re
import shutil
import zipfile
from pathlib import Path

import httpx
import pytest
import yaml

from tests.app.node_process import PLUGINS, started
from tests.installed.environment import ROOT, Environment, build
from tests.wheels import wheel as small_wheel

pytestmark = pytest.mark.timeout(600)

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_GUIDE = (ROOT / "docs" / "session-routing.md").read_text(encoding="utf-8")
_FOLDERS = {
    "provisioning": "cosyvoice_cluster",
    "app": "cosyvoice_cluster/app",
    "templates": "cosyvoice_cluster/templates",
}
_AROUND = """
import gradio as gr
from fastapi import FastAPI
from starlette.testclient import TestClient
for lines in {texts}:
    app, blocks, secret = FastAPI(), gr.Blocks(), b"x" * 16
    exec(lines)
    with TestClient(app) as client:
        print(client.get("/nothing").status_code)
"""
_INVENTORY = {
    "vip": "192.0.2.100",
    "directors": {"hosts": {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12"}},
    "real_servers": {"hosts": {"rs1": "192.0.2.101"}},
}
_APP = {"python": "/opt/cosyvoice/venv/bin/python"}


def test_it_holds_every_file_under_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name for name in names if name.endswith("/METADATA"))
        metadata = email.message_from_bytes(archive.read(info))
    files = {
        f"{inside}/{path.relative_to(ROOT / folder)}"
        for folder, inside in _FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == files
    assert {"cosyvoice_cluster/py.typed", "cosyvoice_cluster/app/py.typed"} <= files
    assert metadata["Author"] == "The cosyvoice-cluster contributors"
    said = metadata.get_all("Classifier") or []
    assert "Typing :: Typed" in said
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)} <= {*said}


def test_session_routing_is_two_lines(installed: Environment, project: Path) -> None:
    texts = []
    for document in (_README, _GUIDE):
        texts += re.findall(r"```python\n(from cosyvoice_cluster.*?)```", document, re.S)
    assert len(texts) == 2
    (project / "main.py").write_text(_AROUND.format(texts=texts), encoding="utf-8")
    # Gradio's import takes seconds: one program for both.
    done = installed.run("python", "main.py", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["404", "404"], done.stderr


def test_the_program(installed: Environment, project: Path) -> None:
    (project / "inventory.yaml").write_text(
        yaml.safe_dump({**_INVENTORY, "app": {**_APP, "arguments": ["--text-limit", "99"]}}),
        encoding="utf-8",
    )
    for words in (["cluster"], ["python", "-m", "cosyvoice_cluster"]):
        shown = installed.run(*words, "--help", cwd=project)
        assert "rolling-upgrade" in shown.stdout, shown.stderr
    valid = installed.run("cluster", "validate", cwd=project)
    assert valid.returncode == 0, valid.stdout + valid.stderr
    rendered = installed.run("cluster", "render", "--out", "files", cwd=project)
    assert rendered.returncode == 0, rendered.stdout + rendered.stderr
    assert (project / "files/lvs1/etc/keepalived/keepalived.conf").is_file()
    assert '"properties"' in installed.run("cluster", "schema", cwd=project).stdout


def test_the_app_of_the_program_is_asked_for_its_options(
    installed: Environment, project: Path
) -> None:
    content = {**_INVENTORY, "app": {**_APP, "arguments": ["--nonsense"]}}
    (project / "inventory.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    wrong = installed.run("cluster", "validate", cwd=project)
    assert wrong.returncode != 0
    assert "the app has no option --nonsense" in wrong.stdout + wrong.stderr


def test_the_same_release_is_packed_as_from_a_checkout(
    installed: Environment, wheel: Path, project: Path
) -> None:
    code = (
        "from pathlib import Path\n"
        "from {top}.model.app import App\n"
        "from {top}.operations.release import build_release\n"
        "for source in ('builtin', {wheel!r}, {root!r}):\n"
        "    print(build_release(App(source=source), Path()).id)\n"
    )
    values = {"wheel": str(wheel), "root": str(ROOT)}
    of_wheel = installed.run(
        "python", "-c", code.format(top="cosyvoice_cluster", **values), cwd=project
    )
    of_checkout = installed.run("python", "-c", code.format(top="provisioning", **values), cwd=ROOT)
    assert len(of_wheel.stdout.split()) == 3, of_wheel.stderr
    assert len({*of_wheel.stdout.split(), *of_checkout.stdout.split()}) == 1, of_checkout.stderr


def test_a_release_from_there_brings_nodes_nothing_of_the_cli(
    installed: Environment, project: Path
) -> None:
    code = (
        "from pathlib import Path\n"
        "from cosyvoice_cluster.model.app import App\n"
        "from cosyvoice_cluster.operations.release import build_release\n"
        "print(build_release(App(venv={}), Path()).needs['requirements.txt'].decode())\n"
    )
    said = installed.run("python", "-c", code, cwd=project)
    assert "\ngradio" in said.stdout, said.stderr
    assert "\nparamiko" not in said.stdout


def test_the_build_program_makes_the_same_wheel_each_time(wheel: Path) -> None:
    made = wheel.read_bytes()
    again = build(wheel.parents[1])
    assert (again, again.read_bytes()) == (wheel, made)


def test_the_node(installed: Environment, project: Path) -> None:
    shown = installed.run("python", "-m", "cosyvoice_cluster.app", "--help", cwd=project)
    assert shown.stdout.startswith("Usage: python -m cosyvoice_cluster.app "), shown.stderr


@pytest.mark.parametrize("project", ["app.py"], indirect=True)
def test_an_engine_of_another_package(installed: Environment, project: Path) -> None:
    """It is found by its entry point, speaks, and its errors are the node's own."""
    _install_faulty(installed, project.parent)
    command = [installed.python, "-m", "cosyvoice_cluster.app"]
    drawn = {"PYTHONPATH": "", "COSYVOICE_ENGINE": "faulty"}
    with started(command, project, project.parent, **drawn) as node:
        node.wait_ready()
        assert node.speak(input="hello", voice="tone").status_code == 200
    broken = {**drawn, "FAULTY_ENGINE_LOAD": "unavailable"}
    with started(command, project, project.parent, **broken) as node:
        node.wait_until(lambda: "the weights are missing" in _trouble(node.get("/cluster/status")))
        assert "EngineUnavailableError" not in _trouble(node.get("/cluster/status"))


@pytest.mark.parametrize("form", ["release", "checkout"])
def test_an_engine_of_another_package_elsewhere(
    installed: Environment, tmp_path: Path, form: str
) -> None:
    """A node's release, and a checkout by hand: one set of classes there, too."""
    if form == "release":
        release = tmp_path / "releases" / "1"
        package = release / "cosyvoice_cluster"
        shutil.copytree(ROOT / "app", package / "app")
        (package / "__init__.py").touch()
        place, command = release, ["-m", "cosyvoice_cluster.app"]
    else:
        place, command = ROOT, ["-m", "app"]
    broken = {"COSYVOICE_ENGINE": "faulty", "FAULTY_ENGINE_LOAD": "unavailable"}
    with started([installed.python, *command], place, tmp_path, **broken) as node:
        node.wait_until(lambda: "the weights are missing" in _trouble(node.get("/cluster/status")))
        assert "EngineUnavailableError" not in _trouble(node.get("/cluster/status"))


def _trouble(answer: httpx.Response) -> str:
    return json.dumps(answer.json()["workers"])


def _install_faulty(installed: Environment, folder: Path) -> None:
    points = PLUGINS / "faulty_engine-1.0.dist-info" / "entry_points.txt"
    made = small_wheel(
        folder,
        "faulty_engine",
        files={
            "faulty_engine.py": (PLUGINS / "faulty_engine.py").read_text(encoding="utf-8"),
            "faulty_engine-1.0.dist-info/entry_points.txt": points.read_text(encoding="utf-8"),
        },
    )
    installed.install("--no-index", str(made))
