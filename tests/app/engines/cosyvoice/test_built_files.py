"""TensorRT's and vLLM's files have a place, also where the weights are an artifact."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from app.engines.cosyvoice.built_files import (
    BUILD_DIR,
    whole_or_not_at_all,
    with_place_for_built_files,
)
from app.engines.cosyvoice.configuration import Configuration
from app.engines.cosyvoice.vllm_registration import register_with_vllm
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


def test_what_was_half_built_is_built_anew(configuration: Configuration, tmp_path: Path) -> None:
    environment = {BUILD_DIR: str(tmp_path / "built")}
    placed = with_place_for_built_files(replace(configuration, load_vllm=True), environment)
    plan = placed.model_dir / "flow.decoder.estimator.fp32.mygpu.plan"
    export = placed.model_dir / "vllm"

    def begin() -> None:
        export.mkdir()
        (export / "config.json").touch()
        plan.write_bytes(b"half")

    _killed(placed, begin)
    with whole_or_not_at_all(placed):
        assert not plan.exists() and not export.exists()
        assert (placed.model_dir / "llm.pt").read_bytes() == b"weights"
        plan.write_bytes(b"whole")
        export.mkdir()
    # One that is killed while it builds nothing has done no harm.
    _killed(placed, lambda: None)
    with whole_or_not_at_all(placed):
        assert plan.read_bytes() == b"whole" and export.exists()


def _killed(placed: Configuration, work: Callable[[], None]) -> None:
    """Work as a worker does that is killed then."""
    block = whole_or_not_at_all(placed)
    block.__enter__()
    work()
    assert not block.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    own = Configuration(tmp_path, tmp_path, fp16=False, load_trt=True, load_vllm=False)
    with whole_or_not_at_all(own):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_vllm_knows_the_model_and_runs_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    vllm, model = ModuleType("vllm"), ModuleType("cosyvoice.vllm.cosyvoice2")
    registered: dict[str, object] = {}
    registry = SimpleNamespace(register_model=registered.__setitem__)
    vars(vllm)["ModelRegistry"], vars(model)["CosyVoice2ForCausalLM"] = registry, object
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setitem(sys.modules, "cosyvoice.vllm.cosyvoice2", model)
    # Taken back afterwards, which one that was never there is not.
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    monkeypatch.delenv("VLLM_ENABLE_V1_MULTIPROCESSING")
    register_with_vllm()
    assert registered == {"CosyVoice2ForCausalLM": object}
    assert os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"


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
