"""An engine of another package says what it takes, where its package is beside this program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model.derived.engine_needs import engine_variables
from provisioning.model.engine_declaration import announced_names, declaration
from provisioning.model.loader.load import parse_inventory
from tests.model.marked import SMALLEST, diagnostics

_DECLARATION = """\
packages = ["studio"]
memory = 6
[artifacts.voices]
about = "a folder of voices"
variable = "STUDIO_VOICES"
[settings.loudness]
variable = "STUDIO_LOUDNESS"
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Its declaration, installed as pip installs it; the engine cannot even be imported."""
    metadata = tmp_path / "studio_engine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: studio-engine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[cosyvoice.engines]\nstudio = studio.none:plugin\n")
    (metadata / "RECORD").write_text("studio/__init__.py,,\nstudio/studio.toml,,\n")
    (tmp_path / "studio").mkdir()
    file = tmp_path / "studio/studio.toml"
    file.write_text(_DECLARATION)
    monkeypatch.syspath_prepend(str(tmp_path))
    declaration.cache_clear()
    yield file
    declaration.cache_clear()


def _text(engine: str) -> str:
    return "\n".join({**SMALLEST, "app": f"app: {{venv: true, engine: {engine}}}"}.values()) + "\n"


def _said(engine: str) -> list[tuple[str, str]]:
    return [(one.key, one.message) for one in diagnostics(_text(engine))]


def test_what_it_takes_arrives_by_the_variables_that_it_names(tmp_path: Path) -> None:
    assert "studio" in announced_names()
    own = "{name: studio, package: studio-engine, artifacts: {voices: {on_nodes: /srv/v}}, "
    text = _text(f"{own}settings: {{loudness: 3}}}}")
    variables = engine_variables(parse_inventory(text, Path("inventory.yaml")).inventory)
    assert variables["STUDIO_LOUDNESS"] == 3
    assert variables["STUDIO_VOICES"] == "${artifacts.studio-voices}"


def test_what_it_lacks_and_what_it_has_not_is_said() -> None:
    assert _said("studio") == [("app.engine", "needs a folder of voices")]
    own = "name: studio, artifacts: {voices: {on_nodes: /srv/v}}"
    assert _said(f"{{{own}, fp16: true}}") == [("app.engine.fp16", "studio has no fp16")]
    cards = f"{{{own}, gpus: all, jobs_per_gpu: 5}}"
    servers = "real_servers: {gpus: {count: 1, memory: 24}, hosts: {rs1: 192.168.1.101}}"
    text = _text(cards).replace(SMALLEST["real_servers"], servers)
    (said,) = diagnostics(text)
    assert (said.key, said.allowed) == ("app.engine.jobs_per_gpu", "1 to 4")


def test_a_declaration_that_is_wrong_is_named_by_file_and_key(package: Path) -> None:
    package.write_text(_DECLARATION.replace("memory = 6", "memroy = 6"))
    (said,) = diagnostics(_text("studio"))
    assert said.key == "app.engine" and f"{package}: the engine's declaration" in said.message
    assert "memroy" in said.message
    declaration.cache_clear()
    package.write_text("memory = [")
    assert "cannot be read" in diagnostics(_text("studio"))[0].message
