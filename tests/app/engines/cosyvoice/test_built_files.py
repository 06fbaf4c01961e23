"""TensorRT's and vLLM's files have a place, also where the weights are an artifact."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.engines.cosyvoice.built_files import BUILD_DIR, with_place_for_built_files
from app.engines.cosyvoice.configuration import Configuration
from app.engines.interface import EngineUnavailableError


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """One that builds files, with weights that nobody may change."""
    model = tmp_path / "artifacts" / "model-1"
    model.mkdir(parents=True)
    (model / "llm.pt").write_bytes(b"weights")
    access = os.access
    # Root may write everywhere; the app's account may not write here.
    monkeypatch.setattr(
        os, "access", lambda path, mode: "artifacts" not in Path(path).parts and access(path, mode)
    )
    return Configuration(tmp_path, model, fp16=False, load_trt=True, load_vllm=False)


def test_links_to_the_weights_take_what_is_built(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = {BUILD_DIR: str(tmp_path / "built")}
    placed = with_place_for_built_files(configuration, environment).model_dir
    assert placed.parent == tmp_path / "built"
    assert (placed / "llm.pt").read_bytes() == b"weights"
    (placed / "flow.mygpu.plan").write_bytes(b"plan")
    assert with_place_for_built_files(configuration, environment).model_dir == placed
    assert [path.name for path in configuration.model_dir.iterdir()] == ["llm.pt"]


def test_other_weights_have_another_place_and_those_that_are_gone_none(
    configuration: Configuration, tmp_path: Path
) -> None:
    environment = {BUILD_DIR: str(tmp_path / "built")}
    first = with_place_for_built_files(configuration, environment).model_dir
    new = configuration.model_dir.with_name("model-2")
    new.mkdir()
    both = [first, with_place_for_built_files(replace(configuration, model_dir=new), environment)]
    assert first.exists() and len({*both}) == 2
    configuration.model_dir.rename(tmp_path / "away")
    with_place_for_built_files(replace(configuration, model_dir=new), environment)
    assert not first.exists()


def test_nothing_is_made_where_it_is_not_needed(
    configuration: Configuration, tmp_path: Path
) -> None:
    plain = replace(configuration, load_trt=False)
    assert with_place_for_built_files(plain, {}) is plain
    own = replace(configuration, model_dir=tmp_path)
    assert with_place_for_built_files(own, {}) is own


def test_without_a_place_it_is_said(configuration: Configuration, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="set COSYVOICE_BUILD_DIR to a folder"):
        with_place_for_built_files(configuration, {})
    (tmp_path / "file").touch()
    with pytest.raises(EngineUnavailableError, match="Not a directory"):
        with_place_for_built_files(configuration, {BUILD_DIR: str(tmp_path / "file")})
