"""An editable install, as scripts/install makes it: one name, and the folders of the checkout."""

from pathlib import Path

import pytest

from tests.installed.environment import Environment, checkout, environment

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with an editable install of a checkout that is beside it."""
    folder = tmp_path_factory.mktemp("editable")
    return environment(folder, "--editable", str(checkout(folder)))


@pytest.mark.parametrize("project", ["app.py"], indirect=True)
def test_it_takes_everything_from_the_checkout(editable: Environment, project: Path) -> None:
    (project / "which.py").write_text(
        "from importlib.resources import files\n"
        "for name in ('', '.app', '.app.workers', '.templates', '.lab'):\n"
        "    print(files('cosyvoice_cluster' + name))\n"
    )
    found = editable.run("python", "which.py", cwd=project)
    places = ("provisioning", "app", "app/workers", "templates", "provisioning/lab")
    source = editable.folder.parent / "source"
    assert found.stdout.split() == [str(source / place) for place in places], found.stderr


@pytest.mark.parametrize("project", ["app.py"], indirect=True)
def test_its_programs_run(editable: Environment, project: Path) -> None:
    shown = editable.run("cluster", "schema", cwd=project)
    assert '"properties"' in shown.stdout, shown.stderr
    source = editable.folder.parent / "source"
    for place, name in ((project, "cosyvoice_cluster.app"), (source, "app")):
        node = editable.run("python", "-m", name, "--help", cwd=place)
        assert node.stdout.startswith(f"Usage: python -m {name} "), node.stderr
