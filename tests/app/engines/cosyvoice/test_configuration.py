"""What is missing is named, with what to do about it; nothing is imported or downloaded."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.engines.cosyvoice.configuration import read_configuration
from app.engines.cosyvoice.generation import GENERATION_2, GENERATION_3
from app.engines.cosyvoice.plugin import cosyvoice2, cosyvoice3
from app.engines.cosyvoice.saved_speakers import saved_speakers
from app.engines.interface import Capability, EngineUnavailableError, Mode
from tests.app.engines.cosyvoice.conftest import Installation, stand_in
from tests.app.engines.cosyvoice.worker_process import worker
from tests.app.node_process import ROOT


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    return stand_in(tmp_path, 3)


def said(environment: dict[str, str]) -> str:
    with pytest.raises(EngineUnavailableError) as caught:
        read_configuration(GENERATION_3, environment)
    return str(caught.value)


def test_a_full_configuration(installed: Installation) -> None:
    environment = installed.environment | {"COSYVOICE_FP16": "1", "COSYVOICE_LOAD_TRT": "off"}
    found = read_configuration(GENERATION_3, environment)
    assert (found.repository, found.model_dir) == (installed.repository, installed.model_dir)
    assert (found.fp16, found.load_trt, found.load_vllm) == (True, False, False)


@pytest.mark.parametrize("name", ["COSYVOICE_REPOSITORY", "COSYVOICE_MODEL_DIR"])
def test_folders_must_be_named_and_there(installed: Installation, name: str) -> None:
    assert name in said(installed.environment | {name: ""})
    gone = str(installed.repository / "没有")
    assert gone in said(installed.environment | {name: gone})


def test_a_folder_that_is_no_checkout(installed: Installation) -> None:
    environment = installed.environment | {"COSYVOICE_REPOSITORY": str(installed.model_dir)}
    assert "not a checkout" in said(environment)


def test_an_empty_submodule(installed: Installation) -> None:
    shutil.rmtree(installed.repository / "third_party/Matcha-TTS/matcha")
    assert "submodule update --init" in said(installed.environment)


def test_a_checkout_without_its_recording(installed: Installation) -> None:
    (installed.repository / "asset/zero_shot_prompt.wav").unlink()
    assert "asset" in said(installed.environment)


def test_every_missing_file_of_a_model_is_named(installed: Installation) -> None:
    for name in ("llm.pt", "speech_tokenizer_v3.onnx"):
        (installed.model_dir / name).unlink()
    assert "llm.pt, speech_tokenizer_v3.onnx" in said(installed.environment)


def test_the_other_generation_s_model_is_refused(installed: Installation) -> None:
    with pytest.raises(EngineUnavailableError, match=r"CosyVoice 2.*cosyvoice2\.yaml"):
        read_configuration(GENERATION_2, installed.environment)


def test_a_switch_is_on_or_off(installed: Installation) -> None:
    assert "'maybe'" in said(installed.environment | {"COSYVOICE_FP16": "maybe"})


def test_a_worker_without_weights_says_what_is_missing(tmp_path: Path) -> None:
    installed = stand_in(tmp_path, 3)
    environment = installed.environment | {"COSYVOICE_MODEL_DIR": str(tmp_path / "gone")}
    with worker("cosyvoice3", environment) as started:
        frame = started.receive()
    assert frame.kind == "unavailable"
    assert "gone" in str(frame.fields["message"])


def test_a_gpu_s_option_without_a_gpu_is_an_error_not_left_out(installed: Installation) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with worker("cosyvoice3", installed.environment | {"COSYVOICE_FP16": "1"}) as started:
        frame = started.receive()
    assert frame.kind == "unavailable"
    assert "need a GPU" in str(frame.fields["message"])


def test_a_missing_package_is_named(installed: Installation) -> None:
    (installed.repository / "cosyvoice/utils/common.py").write_text("import no_such_package\n")
    with worker("cosyvoice3", installed.environment) as started:
        frame = started.receive()
    assert frame.kind == "unavailable"
    assert "no_such_package" in str(frame.fields["message"])
    assert "docs/engines.md" in str(frame.fields["message"])


@pytest.mark.parametrize("generation", [2, 3])
def test_the_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generation: int) -> None:
    for name, value in stand_in(tmp_path, generation).environment.items():
        monkeypatch.setenv(name, value)
    info = (cosyvoice2 if generation == 2 else cosyvoice3).describe()
    assert info.modes == frozenset(Mode)
    assert [voice.id for voice in info.voices] == ["中文女", "saved", "broken"]
    assert info.clips is not None
    assert (info.clips.longest, info.clips.lowest_rate) == (30, 16000)
    assert (Capability.PINYIN in info.capabilities) == (generation == 3)
    if generation == 3:
        assert len(info.dialects) == 17
        assert len(info.languages) == 9
    for choices in (info.dialects, info.styles, info.languages):
        assert choices
        assert len({choice.id for choice in choices}) == len(choices)
        assert all(choice.name_zh and choice.name_en for choice in choices)


def test_a_model_without_speakers_has_no_preset(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installed.model_dir / "spk2info.pt").unlink()
    for name, value in installed.environment.items():
        monkeypatch.setenv(name, value)
    info = cosyvoice3.describe()
    assert info.default_voice is None
    assert Mode.PRESET not in info.modes
    assert info.first_request.reference is not None


def test_with_vllm_no_seed_is_promised(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (installed.environment | {"COSYVOICE_LOAD_VLLM": "1"}).items():
        monkeypatch.setenv(name, value)
    assert Capability.SEED not in cosyvoice3.describe().capabilities


def test_describing_imports_no_torch(installed: Installation) -> None:
    code = (
        "import sys; from app.engines.registry import find_engine; "
        "print(find_engine('cosyvoice3').describe().name, *sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=installed.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(result.stdout.split())
    assert "cosyvoice3" in imported
    assert not {"torch", "torchaudio", "modelscope", "gradio"} & imported


class _Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('code from a pickle was run')",)


def test_a_speaker_file_runs_nothing(tmp_path: Path) -> None:
    import torch

    torch.save({"spk": {"embedding": torch.zeros(1, 192), "trap": _Trap()}}, tmp_path / "x")
    (tmp_path / "x").rename(tmp_path / "spk2info.pt")
    assert [speaker.voice.id for speaker in saved_speakers(tmp_path)] == ["spk"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02}q\x00."])
def test_a_broken_speaker_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spk2info.pt").write_bytes(content)
    with pytest.raises(EngineUnavailableError, match="cannot be read"):
        saved_speakers(tmp_path)
