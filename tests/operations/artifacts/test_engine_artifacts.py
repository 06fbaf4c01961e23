"""What the inventory's engine needs is fetched, brought and named to the app like any artifact."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.model.artifact import Artifact
from provisioning.model.engine_declaration import declaration
from provisioning.model.loader.load import load_inventory
from provisioning.model.runtime import Runtime
from provisioning.operations.artifacts.errors import ArtifactError
from provisioning.operations.artifacts.fetching import brought, companions, fetch, known
from provisioning.operations.cluster.cluster import Cluster
from provisioning.roles.desired import desired_hosts
from provisioning.roles.real_server.environment import environment
from tests.model.marked import SMALLEST
from tests.operations.artifacts.hub import Hub, serving

_PREFIX = "/opt/cosyvoice/current/artifacts"


def _files(engine: str, key: str) -> dict[str, bytes]:
    """Files that an engine needs; folders have one of their own."""
    declared = declaration(engine)
    assert declared is not None
    names = declared.artifacts[key].files
    return {name if "." in name else f"{name}/a.py": name.encode() for name in names}


def _repository(folder: Path) -> Path:
    for name, content in _files("cosyvoice3", "repository").items():
        place = folder / "CosyVoice" / name
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
    return folder / "CosyVoice"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as hub:
        hub.files = _files("cosyvoice3", "model")
        yield hub


def _cluster(folder: Path, engine: str) -> Cluster:
    path = folder / "inventory.yaml"
    blocks = {**SMALLEST, "app": f"app: {{engine: {engine}}}"}
    path.write_text("\n".join(blocks.values()), encoding="utf-8")
    return Cluster(load_inventory(path), path)


def _cosyvoice(folder: Path, hub: Hub, name: str = "cosyvoice3", more: str = "") -> Cluster:
    model = f"{{modelscope: some/model, revision: v1, hub: '{hub.address}'}}"
    own = f"{{name: {name}, repository: {{path: {_repository(folder)}}}, model: {model}{more}}}"
    return _cluster(folder, own)


def test_repository_and_model_are_artifacts_that_the_app_finds(hub: Hub, tmp_path: Path) -> None:
    site = _cosyvoice(tmp_path, hub, more=", fp16: true, gpus: all, jobs_per_gpu: 2")
    fetch(site)
    assert set(known(site)) == {"cosyvoice3-repository", "cosyvoice3-model"}
    assert [*companions(site).links()] == [
        "artifacts/cosyvoice3-model",
        "artifacts/cosyvoice3-repository",
    ]
    told = dict(environment(site.inventory, "rs1"))
    assert {key: told[key] for key in told if key.startswith("COSYVOICE_") and "GPU" in key} == {
        "COSYVOICE_GPUS": "all",
        "COSYVOICE_JOBS_PER_GPU": "2",
    }
    assert told["COSYVOICE_ENGINE"] == "cosyvoice3"
    assert told["COSYVOICE_REPOSITORY"] == f"{_PREFIX}/cosyvoice3-repository"
    assert told["COSYVOICE_MODEL_DIR"] == f"{_PREFIX}/cosyvoice3-model"
    assert told["COSYVOICE_FP16"] == "1"
    assert "COSYVOICE_LOAD_TRT" not in told
    assert told["NUMBA_CACHE_DIR"] == "/var/lib/cosyvoice/cache/numba"


def test_without_a_repository_it_is_the_public_one_at_its_commit(tmp_path: Path) -> None:
    site = _cluster(tmp_path, "{name: cosyvoice2, model: {on_nodes: /srv/m}}")
    (name,) = brought(site)
    assert name == "cosyvoice2-repository"
    default = brought(site)[name]
    assert default.git is not None and default.git.endswith("/FunAudioLLM/CosyVoice.git")
    assert default.commit is not None


def test_kokoro_needs_nothing_said(tmp_path: Path) -> None:
    site = _cluster(tmp_path, "kokoro")
    model = brought(site)["kokoro-model"]
    declared = declaration("kokoro")
    assert declared is not None and model.files is not None
    assert [file.inner_path for file in model.files] == declared.artifacts["model"].files
    told = dict(environment(site.inventory, "rs1"))
    assert told["COSYVOICE_KOKORO_DIR"] == f"{_PREFIX}/kokoro-model"


def test_what_variables_say_is_not_brought(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yaml"
    said = "{COSYVOICE_REPOSITORY: /opt/CosyVoice, COSYVOICE_MODEL_DIR: /opt/models/three}"
    app = f"app: {{engine: cosyvoice3, environment: {said}}}"
    path.write_text("\n".join({**SMALLEST, "app": app}.values()), encoding="utf-8")
    site = Cluster(load_inventory(path), path)
    assert brought(site) == {}
    assert dict(environment(site.inventory, "rs1"))["COSYVOICE_REPOSITORY"] == "/opt/CosyVoice"


def test_weights_of_another_generation_are_refused_before_they_are_fetched(
    hub: Hub, tmp_path: Path
) -> None:
    site = _cosyvoice(tmp_path, hub, "cosyvoice2")
    with pytest.raises(ArtifactError, match=r"artifact cosyvoice2-model: there is no cosyvoice2\."):
        fetch(site)
    assert not any("llm.pt" in asked for asked in hub.asked)


def test_a_repository_without_a_file_that_the_engine_needs_is_refused(
    hub: Hub, tmp_path: Path
) -> None:
    site = _cosyvoice(tmp_path, hub)
    (tmp_path / "CosyVoice/asset/zero_shot_prompt.wav").unlink()
    with pytest.raises(ArtifactError, match=r"artifact cosyvoice3-repository: .*no asset/zero_sho"):
        fetch(site)


def test_a_setting_that_needs_a_further_file_is_refused_without_it(
    hub: Hub, tmp_path: Path
) -> None:
    fetch(_cosyvoice(tmp_path, hub))
    (tmp_path / "again").mkdir()
    lock = (tmp_path / "inventory.artifacts.lock").read_text("utf-8")
    site = _cosyvoice(tmp_path / "again", hub, more=", tensorrt: true")
    (tmp_path / "again/inventory.artifacts.lock").write_text(lock, "utf-8")
    fetch(site, ["cosyvoice3-repository"])
    with pytest.raises(ArtifactError, match=r"no flow\.decoder\.estimator\.fp32\.onnx in it"):
        known(site)


def test_what_lies_on_nodes_is_looked_at_there(tmp_path: Path) -> None:
    model = tmp_path / "weights三"
    site = _cluster(tmp_path, f"{{name: kokoro, model: {{on_nodes: '{model}'}}}}")
    needs = desired_hosts(site.inventory, None, Runtime())["rs1"].requirements
    (need,) = (one for one in needs if one.title.startswith("the artifact kokoro-model"))
    assert "app.engine" in need.fix

    def said() -> str:
        run = subprocess.run(["sh", "-c", need.probe], capture_output=True, text=True, check=False)
        return run.stdout if run.returncode else "whole"

    assert said() == "there is nothing, or it does not answer\n"
    model.mkdir()
    assert said() == f"there is no {model}/kokoro-v1.0.int8.onnx\n"
    for name in ("kokoro-v1.0.int8.onnx", "voices-v1.0.npz"):
        (model / name).touch()
    assert said() == "whole"


def test_a_default_is_an_artifact_like_any_other() -> None:
    for name in ("cosyvoice2", "cosyvoice3", "kokoro"):
        declared = declaration(name)
        assert declared is not None
        defaults = [one.default for one in declared.artifacts.values() if one.default]
        assert defaults and all(isinstance(one, Artifact) for one in defaults)
