import subprocess
import sys
from pathlib import Path

import pytest

from app.engines.interface import EngineUnavailableError
from app.engines.registry import engine_names, find_engine
from tests.app.node_process import ROOT


def test_the_embedded_engine_is_always_there() -> None:
    assert "espeak" in engine_names()
    assert find_engine("espeak").describe().name == "espeak"


def test_another_package_adds_an_engine(plugins: Path) -> None:
    assert "faulty" in engine_names()
    assert find_engine("faulty").describe().title == "Faulty"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nope", "known engines: absent, cosyvoice2, cosyvoice3, .*espeak, faulty"),
        ("absent", "no_such_module"),
    ],
)
def test_a_wrong_name_is_told(plugins: Path, name: str, said: str) -> None:
    with pytest.raises(EngineUnavailableError, match=said):
        find_engine(name)


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("app.workers.main", {"gradio", "fastapi", "pydantic", "torch", "provisioning"}),
        ("app.server", {"gradio", "torch", "provisioning"}),
        ("app.cli", {"gradio", "fastapi", "numpy", "torch", "uvicorn", "provisioning"}),
    ],
)
def test_what_an_import_brings(module: str, forbidden: set[str]) -> None:
    code = f"import {module}, sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not forbidden & set(result.stdout.split())
