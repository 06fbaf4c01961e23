"""The stand-in and, where COSYVOICE_REPOSITORY names a checkout, the public repository itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.engines.cosyvoice.generation import GENERATION_2, GENERATION_3, Generation
from tests.app.audio.sounds import speech_like, write
from tests.app.engines.cosyvoice.worker_process import WorkerProcess, worker
from tests.app.node_process import ROOT

STAND_IN = ROOT / "tests/app/engines/cosyvoice_stand_in"
PUBLIC = os.environ.get("COSYVOICE_REPOSITORY", "")
GENERATIONS = {2: GENERATION_2, 3: GENERATION_3}


@dataclass(frozen=True)
class Installation:
    """A repository and a model folder."""

    repository: Path
    model_dir: Path
    generation: Generation
    real: bool

    @property
    def environment(self) -> dict[str, str]:
        return {
            "COSYVOICE_REPOSITORY": str(self.repository),
            "COSYVOICE_MODEL_DIR": str(self.model_dir),
        }


def stand_in(folder: Path, generation: int) -> Installation:
    """A copy of the stand-in with a model folder of empty files and three speakers."""
    import torch

    repository = folder / "CosyVoice"
    shutil.copytree(STAND_IN, repository, ignore=shutil.ignore_patterns("__pycache__"))
    (repository / "asset").mkdir()
    write(repository / "asset/zero_shot_prompt.wav", speech_like(2.0), codec="pcm_f32le")
    model = folder / "model"
    model.mkdir()
    for name in GENERATIONS[generation].files:
        (model / name).touch()
    torch.save(_speakers(), model / "spk2info.pt")
    return Installation(repository, model, GENERATIONS[generation], real=False)


def public(folder: Path, generation: int) -> Installation:
    """The public repository with a tiny model of random weights."""
    import torch

    arguments = [PUBLIC, str(folder / "model"), str(generation)]
    subprocess.run(
        [sys.executable, "-m", "tests.app.engines.cosyvoice.tiny_model", *arguments],
        cwd=ROOT,
        check=True,
    )
    torch.save(_speakers(), folder / "model/spk2info.pt")
    return Installation(Path(PUBLIC), folder / "model", GENERATIONS[generation], real=True)


def _speakers() -> dict[str, dict[str, object]]:
    """One trained in, one saved from a clip, one saved from a clip without `<|endofprompt|>`."""
    import torch

    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(0, 127, (1, 50), dtype=torch.int32, generator=generator)
    embedding = torch.randn(1, 192, generator=generator)
    saved: dict[str, object] = {
        "prompt_text": torch.tensor([[151646, 40, 41, 42]], dtype=torch.int32),
        "prompt_text_len": torch.tensor([4], dtype=torch.int32),
        "llm_prompt_speech_token": tokens,
        "llm_prompt_speech_token_len": torch.tensor([50], dtype=torch.int32),
        "flow_prompt_speech_token": tokens,
        "flow_prompt_speech_token_len": torch.tensor([50], dtype=torch.int32),
        "prompt_speech_feat": torch.randn(1, 100, 80, generator=generator),
        "prompt_speech_feat_len": torch.tensor([100], dtype=torch.int32),
        "llm_embedding": embedding,
        "flow_embedding": embedding,
    }
    broken = saved | {"prompt_text": torch.tensor([[39, 40, 41, 42]], dtype=torch.int32)}
    return {"中文女": {"embedding": embedding}, "saved": saved, "broken": broken}


PUBLIC_ONLY = pytest.mark.skipif(
    not PUBLIC, reason="COSYVOICE_REPOSITORY names no checkout of FunAudioLLM/CosyVoice"
)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(("stand-in", 2), id="stand-in-2"),
        pytest.param(("stand-in", 3), id="stand-in-3"),
        pytest.param(("public", 2), id="public-2", marks=PUBLIC_ONLY),
        pytest.param(("public", 3), id="public-3", marks=PUBLIC_ONLY),
    ],
)
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """Each of the four in turn."""
    kind, generation = request.param
    folder = tmp_path_factory.mktemp("cosyvoice")
    return (stand_in if kind == "stand-in" else public)(folder, generation)


@pytest.fixture(scope="session")
def speaking(installation: Installation) -> Iterator[WorkerProcess]:
    """A warm worker."""
    with worker(installation.generation.name, installation.environment) as started:
        started.expect_ready()
        yield started


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two voices, 24 kHz."""
    folder = tmp_path_factory.mktemp("recordings")
    high = speech_like(3.0)[::2]
    return {
        "low": write(folder / "低.wav", speech_like(3.0)),
        "high": write(folder / "high.wav", np.concatenate([high, high])),
    }
