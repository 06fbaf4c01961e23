"""One wheel and one environment for all tests of a session."""

from pathlib import Path

import pytest

from tests.installed.environment import Environment, build, checkout, environment


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, of a checkout in which there is more than git knows."""
    source = checkout(tmp_path_factory.mktemp("wheel"))
    # Of an older build, which setuptools would take files from.
    stale = source / "build" / "lib" / "cosyvoice_cluster"
    stale.mkdir(parents=True)
    (stale / "gone.py").touch()
    return build(source)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel."""
    return environment(tmp_path_factory.mktemp("installed"), "--no-index", str(wheel))


@pytest.fixture(params=["app.py", "app/__init__.py"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Somebody's own project, whose program has the usual name: a file, or a folder."""
    folder = tmp_path / "project"
    own = folder / str(request.param)
    own.parent.mkdir(parents=True)
    own.write_text("raise RuntimeError('this is the project, not a library')\n")
    return folder
